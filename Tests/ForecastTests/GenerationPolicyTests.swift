import Domain
import TestSupport
import Testing

@testable import Forecast

struct GenerationPolicyTests {
    private let policy = GenerationPolicy()

    private func situation(
        _ hours: Double, _ backends: [BackendPace], extra: Double = 0, policy: GenerationPolicy? = nil
    ) -> Situation {
        Situation(
            hours: hours, health: (policy ?? self.policy).bands.health(hours: hours, previous: nil),
            backends: backends, extraRestSeconds: extra)
    }

    @Test("a rest is never longer than its state's, and there is none in CRITICAL and worse, whatever is measured")
    func bounds() {
        var random = SplitMix64(seed: 2026)
        for round in 0..<20_000 {
            let policy = Self.anyPolicy(&random)
            let pace = Self.anyPace("a", &random)
            let now = Situation(
                hours: random.in(0...40), health: BufferHealth.allCases[random.below(5)], backends: [pace],
                extraRestSeconds: random.in(0...200))
            let rest = policy.restSeconds(in: now, after: "a")
            let whole = policy.bands.restSeconds(in: now.health)
            #expect(rest >= 0 && rest <= whole, "round \(round): \(rest) of \(whole)")
            if now.health.severity >= 2 { #expect(rest == 0, "round \(round)") }
        }
    }

    @Test("more music on the Buffer never makes a rest shorter, and more rest for the load never makes it longer")
    func monotone() {
        var random = SplitMix64(seed: 7)
        for round in 0..<5000 {
            let policy = Self.anyPolicy(&random)
            let pace = Self.anyPace("a", &random)
            let health = BufferHealth.allCases[random.below(2)]
            var before = -1.0
            for hours in stride(from: 0.0, through: 40, by: 0.5) {
                let now = Situation(hours: hours, health: health, backends: [pace])
                let rest = policy.restSeconds(in: now, after: "a")
                #expect(rest >= before - 1e-9, "round \(round) at \(hours) h")
                before = rest
                let held = Situation(hours: hours, health: health, backends: [pace], extraRestSeconds: 30)
                #expect(policy.restSeconds(in: held, after: "a") <= rest, "round \(round) at \(hours) h")
            }
        }
    }

    @Test("a backend fast enough for it holds the Buffer at its target for a week, whatever the figures")
    func holds() {
        var random = SplitMix64(seed: 99)
        for round in 0..<15 {
            var policy = GenerationPolicy(trackSeconds: random.in(10...600))
            policy.bands.healthyRestSeconds = random.in(0...900)
            policy.bands.warningRestSeconds = random.in(0...900)
            let pace = BackendPace.make("a", random.in(1.2...20), batch: 1 + random.below(8))
            let played = Simulator(policy: policy, backends: [pace]).play(bufferHours: 24, hours: 168)
            #expect(played.lowestHours > 22, "round \(round): \(pace), \(policy.bands)")
        }
    }

    @Test("far above its target the station rests as its state says")
    func plenty() {
        #expect(policy.restSeconds(in: situation(31, [.make("synth", 15)]), after: "synth") == 300)
        #expect(policy.restSeconds(in: situation(24.05, [.make("synth", 15)]), after: "synth") < 60)
    }

    @Test("before anything is measured the states' rests hold as they are")
    func unmeasured() {
        let pace = BackendPace(name: "a")
        #expect(policy.restSeconds(in: situation(25, [pace]), after: "a") == 300)
        #expect(policy.restSeconds(in: situation(20, [pace]), after: nil) == 120)
        #expect(policy.restSeconds(in: situation(5, [pace]), after: "a") == 0)
    }

    @Test("a backend that is never ahead does not rest")
    func neverAhead() {
        for hours in [13.0, 24, 27, 40] {
            #expect(policy.restSeconds(in: situation(hours, [.make("a", 0.9)]), after: "a") == 0)
        }
    }

    @Test("whoever stands in for the first choice does not rest")
    func standIn() {
        let chain = [BackendPace.make("slow", 0.42), .make("fast", 15)]
        #expect(policy.restSeconds(in: situation(13, chain), after: "fast") == 0)
        var failed = chain
        failed[0].isAvailable = false
        #expect(policy.restSeconds(in: situation(30, failed), after: "fast") > 0)
    }

    @Test("the first choice gives way before the Buffer is CRITICAL and comes back two hours above that")
    func handover() {
        let chain = [BackendPace.make("slow", 0.42, batch: 8), .make("fast", 15)]
        #expect(policy.backend(in: situation(24, chain), asked: nil) == "slow")
        #expect(policy.backend(in: situation(12.5, chain), asked: "slow") == "slow")
        #expect(policy.backend(in: situation(12.3, chain), asked: "slow") == "fast")
        #expect(policy.backend(in: situation(14.3, chain), asked: "fast") == "fast")
        #expect(policy.backend(in: situation(14.5, chain), asked: "fast") == "slow")
    }

    @Test("a first choice that is ahead gives way only to fill a depleted Buffer, one that fills quickly never")
    func ahead() {
        let chain = [BackendPace.make("near", 1.2), .make("fast", 15)]
        #expect(policy.backend(in: situation(2.1, chain), asked: "near") == "near")
        #expect(policy.backend(in: situation(1.9, chain), asked: "near") == "fast")
        #expect(policy.backend(in: situation(3.9, chain), asked: "fast") == "fast")
        #expect(policy.backend(in: situation(4.1, chain), asked: "fast") == "near")
        let quick = [BackendPace.make("quick", 2), .make("fast", 15)]
        #expect(policy.backend(in: situation(0, quick), asked: "fast") == "quick")
    }

    @Test("of three the next one is asked that is ahead; one that is not available is passed over")
    func three() {
        var chain = [BackendPace.make("medium", 0.2), .make("small", 1.3), .make("synth", 15)]
        #expect(policy.backend(in: situation(10, chain), asked: "medium") == "small")
        #expect(policy.backend(in: situation(1, chain), asked: "small") == "synth")
        chain[1].isAvailable = false
        #expect(policy.backend(in: situation(10, chain), asked: "medium") == "synth")
        chain[0].isAvailable = false
        chain[2].isAvailable = false
        #expect(policy.backend(in: situation(10, chain), asked: "medium") == nil)
    }

    @Test("a slower second choice is no help, and an unmeasured one is tried")
    func noHelp() {
        #expect(policy.backend(in: situation(1, [.make("a", 0.5), .make("b", 0.2)]), asked: "a") == "a")
        #expect(policy.backend(in: situation(1, [.make("a", 0.5), BackendPace(name: "b")]), asked: "a") == "b")
        #expect(policy.backend(in: situation(1, [BackendPace(name: "a"), .make("b", 9)]), asked: nil) == "a")
    }

    @Test("the choice is always an available backend, and does not change to and fro at one level")
    func sound() {
        var random = SplitMix64(seed: 4)
        for round in 0..<5000 {
            let policy = Self.anyPolicy(&random)
            let chain = (0...random.below(4)).map { Self.anyPace("b\($0)", &random) }
            let now = Situation(
                hours: random.in(0...40), health: .warning, backends: chain, extraRestSeconds: random.in(0...100))
            let first = policy.backend(in: now, asked: chain[random.below(chain.count)].name)
            let second = policy.backend(in: now, asked: first)
            #expect(second == first, "round \(round)")
            #expect(first == nil ? !chain.contains(where: \.isAvailable) : now.pace(of: first)?.isAvailable == true)
        }
    }

    private static func anyPolicy(_ random: inout SplitMix64) -> GenerationPolicy {
        var bands = HealthBands()
        bands.healthyRestSeconds = random.in(0...600)
        bands.warningRestSeconds = random.in(0...600)
        return GenerationPolicy(
            bands: bands, targetHours: random.in(0.1...48), maxHours: 50, trackSeconds: random.in(5...600),
            generators: random.below(4))
    }

    private static func anyPace(_ name: String, _ random: inout SplitMix64) -> BackendPace {
        let speeds: [Double?] = [nil, 0, 0.01, random.in(0...2), random.in(1...30), .infinity]
        return BackendPace(
            name: name, speed: speeds[random.below(speeds.count)], tracks: 9, batch: random.below(20),
            isAvailable: random.below(4) > 0)
    }
}

extension SplitMix64 {
    mutating func below(_ end: Int) -> Int { Int.random(in: 0..<end, using: &self) }
    mutating func `in`(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &self) }
}
