import Domain
import Testing

@testable import Forecast

struct OutlookTests {
    private let policy = GenerationPolicy()

    private func forecast(
        hours: Double, _ backends: [BackendPace], extra: Double = 0, policy: GenerationPolicy? = nil,
        playback: Double = 1
    ) -> BufferForecast {
        let policy = policy ?? self.policy
        let health = policy.bands.health(hours: hours, previous: nil)
        return Outlook(policy: policy, playback: playback).forecast(
            Situation(hours: hours, health: health, backends: backends, extraRestSeconds: extra))
    }

    @Test("a day of music at 0.42 of real time is empty in 41 hours")
    func emptyIn41() throws {
        let found = forecast(hours: 24, [.make("audiocraft-small", 0.42)])
        #expect(found.kind == .empties)
        #expect(found.sentence == "empty in 41 h")
        let hours = try #require(found.hours)
        #expect(abs(hours - 24 / (1 - 0.42)) < 1e-9)
        #expect(abs((found.rate ?? 0) + 0.58) < 1e-9)
        #expect(found.advice == "never ahead: add fallback or a renderer")
        #expect(found.words == "empty in 41 h; never ahead: add fallback or a renderer")
        #expect(found.confidence == .good)
        #expect(found.hoursToEmpty == hours)
    }

    @Test("with nothing left and nothing fast enough it says what is missing")
    func neverAhead() {
        let found = forecast(hours: 0, [.make("audiocraft-small", 0.42)])
        #expect(found.kind == .neverAhead)
        #expect(found.sentence == "never ahead: add fallback or a renderer")
        #expect(found.advice == nil && found.hours == nil && found.hoursToEmpty == 0)
    }

    @Test("before the first measurement it says that it does not know")
    func unknown() {
        let found = forecast(hours: 24, [BackendPace(name: "audiocraft-small")])
        #expect(found.kind == .unknown && found.confidence == .none)
        #expect(found.sentence == "unknown until audiocraft-small has made its first track")
        #expect(found.rate == nil && found.hoursToEmpty == nil)
    }

    @Test("a backend that is ahead fills the Buffer to its target, and the time is what a play of it takes")
    func fills() throws {
        let found = forecast(hours: 2, [.make("synth", 15)])
        #expect(found.kind == .fills)
        let hours = try #require(found.hours)
        let played = Simulator(policy: policy, backends: [.make("synth", 15)])
            .play(bufferHours: 2, hours: 100) { $0.bufferHours >= 24 }
        #expect(abs(hours - played.hours) < 0.01)
        #expect(found.sentence == "at target in \(Int(hours.rounded())) h")
    }

    @Test("at its target the Buffer is steady", arguments: [24.0, 26, 30])
    func steady(hours: Double) {
        let found = forecast(hours: hours, [.make("synth", 15)])
        #expect(found.kind == .steady && found.sentence == "steady" && found.advice == nil)
    }

    @Test("a slow first choice with a fast second is steady, and it is said when the second takes over")
    func handover() {
        let found = forecast(hours: 24, [.make("audiocraft-small", 0.42), .make("synth", 15)])
        #expect(found.kind == .steady && found.sentence == "steady")
        // It gives way at 12 h, the hysteresis and what plays during a track: 11.86 h further at 0.58 h an hour.
        #expect(found.advice == "synth takes over in 20 h")
    }

    @Test("two backends that are both too slow are used up one after the other")
    func twoSlow() throws {
        let chain = [BackendPace.make("a", 0.2), .make("b", 0.8)]
        let found = forecast(hours: 24, chain)
        let level = try #require(
            policy.leaveHours(chain[0], Situation(hours: 24, health: .warning, backends: chain)))
        let expected = (24 - level) / 0.8 + level / 0.2
        #expect(abs(try #require(found.hours) - expected) < 1e-9)
        let played = Simulator(policy: policy, backends: chain).play(bufferHours: 24, hours: 200)
        #expect(abs(try #require(played.emptiedAt) - expected) < 0.5)
    }

    @Test("generators held back for the load are told apart from slow ones")
    func heldBack() {
        // 60 s of music in 40 s of work, and 60 s of rest for the load.
        let found = forecast(hours: 10, [.make("a", 1.5)], extra: 60)
        #expect(found.kind == .empties && found.advice == "the generators are held back for the load")
        #expect(found.sentence == "empty in 25 h")
    }

    @Test("without a generator the Buffer lasts as long as it plays")
    func noGenerator() {
        let found = forecast(hours: 7, [.make("synth", 15)], policy: GenerationPolicy(generators: 0))
        #expect(found.sentence == "empty in 7 h" && found.advice == "no generator works")
        let resting = forecast(hours: 7, [BackendPace(name: "a", speed: 2, tracks: 9, isAvailable: false)])
        #expect(resting.sentence == "empty in 7 h" && resting.advice == "no backend is available now")
    }

    @Test("a station that only fills its Buffer never empties it")
    func generatorOnly() {
        let found = forecast(hours: 4, [.make("audiocraft-small", 0.42)], playback: 0)
        #expect(found.kind == .fills && found.sentence.hasPrefix("at target in "))
        let idle = forecast(hours: 4, [], playback: 0)
        #expect(idle.kind == .steady)
    }

    @Test("what would last over a month is steady, and few tracks make a low confidence")
    func edges() {
        let found = forecast(hours: 24, [.make("a", 0.99)])
        #expect(found.kind == .steady && found.sentence == "steady")
        #expect(forecast(hours: 24, [.make("a", 0.42, tracks: 4)]).confidence == .low)
        #expect(forecast(hours: 24, [.make("a", 0.42, tracks: 5)]).confidence == .fair)
        #expect(forecast(hours: 0.5, [.make("a", 0.42)]).sentence == "empty in 52 min")
    }
}

extension BackendPace {
    static func make(_ name: String, _ speed: Double, batch: Int = 1, tracks: Int = 50) -> BackendPace {
        BackendPace(name: name, speed: speed, tracks: tracks, batch: batch)
    }
}
