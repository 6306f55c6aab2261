import Supervisor
import TestSupport
import Testing

/// The state table under random sequences of events on a virtual clock, and its rules one by one.
struct SlotTests {
    /// Plays the world around a slot: processes that live and die, a clock, and the invariants after every step.
    private struct World {
        var slot: Slot
        var now = 0.0
        var living: Set<Int> = []
        var notBefore = 0.0

        mutating func step(_ event: Slot.Event, jitter: Double = 0.5) {
            let wasBackingOff: Double?
            switch slot.phase {
            case .backingOff(let until), .quarantined(let until): wasBackingOff = until
            default: wasBackingOff = nil
            }
            let restartsBefore = slot.restarts
            for action in slot.handle(event, now: now, jitter: jitter) {
                guard case .spawn(let generation) = action else { continue }
                #expect(living.isEmpty, "generation \(generation) was started beside \(living)")
                if let until = wasBackingOff, event == .tick { #expect(now >= until, "a restart inside the pause") }
                living = [generation]
            }
            #expect(slot.restarts >= restartsBefore)
            #expect(slot.hasProcess == !living.isEmpty)
        }

        mutating func die(_ cause: ExitCause = .crash) {
            living = []
            step(.exited(cause, "signal 9"))
        }
    }

    private static func policy() -> RestartPolicy {
        var policy = RestartPolicy()
        policy.failuresMax = 3
        return policy
    }

    @Test("whatever happens in whatever order, one life at most is there, and a stop always ends", arguments: 0..<200)
    func randomSequences(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var world = World(slot: Slot(policy: Self.policy()))
        for _ in 0..<300 {
            world.now += Double.random(in: 0...20, using: &random)
            let jitter = Double.random(in: 0...1, using: &random)
            switch Int.random(in: 0..<9, using: &random) {
            case 0: world.step(.start, jitter: jitter)
            case 1: world.step(.stop, jitter: jitter)
            case 2: world.step(.restart, jitter: jitter)
            case 3 where !world.living.isEmpty: world.step(.ready, jitter: jitter)
            case 4 where !world.living.isEmpty: world.die()
            case 5 where !world.living.isEmpty: world.die(.configuration)
            case 6: world.step(.stuck("no progress"), jitter: jitter)
            case 7 where !world.living.isEmpty: world.step(.progressed, jitter: jitter)
            default: world.step(.tick, jitter: jitter)
            }
        }
        world.step(.stop)
        // The ladder: asked, terminated, killed; a process that is killed dies.
        for _ in 0..<4 where world.slot.phase != .stopped {
            world.now += 100
            world.step(.tick)
        }
        if !world.living.isEmpty { world.die() }
        #expect(world.slot.phase == .stopped)
    }

    @Test("the pauses between restarts double up to their limit, and one stable life starts them again")
    func backOff() {
        var policy = RestartPolicy()
        policy.failuresMax = 100
        var slot = Slot(policy: policy)
        var now = 0.0
        var pauses: [Double] = []
        _ = slot.handle(.start, now: now, jitter: 1)
        for _ in 0..<9 {
            _ = slot.handle(.ready, now: now, jitter: 1)
            _ = slot.handle(.exited(.crash, "signal 9"), now: now, jitter: 1)
            guard case .backingOff(let until) = slot.phase else { return #expect(Bool(false), "\(slot.phase)") }
            pauses.append(until - now)
            now = until
            _ = slot.handle(.tick, now: now, jitter: 1)
        }
        #expect(pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30])
        _ = slot.handle(.ready, now: now, jitter: 1)
        now += policy.stableSeconds
        _ = slot.handle(.exited(.crash, "signal 9"), now: now, jitter: 1)
        #expect(slot.phase == .backingOff(until: now + 0.5))
    }

    @Test("a worker that dies twice a minute for an hour is back within half a second each time")
    func diesForAnHour() {
        var slot = Slot(policy: RestartPolicy())
        var now = 0.0
        _ = slot.handle(.start, now: now, jitter: 1)
        for _ in 0..<120 {
            _ = slot.handle(.ready, now: now, jitter: 1)
            now += 30
            _ = slot.handle(.exited(.crash, "signal 9"), now: now, jitter: 1)
            guard case .backingOff(let until) = slot.phase else { return #expect(Bool(false), "\(slot.phase)") }
            #expect(until - now <= 0.5)
            now = until
            _ = slot.handle(.tick, now: now, jitter: 1)
        }
    }

    @Test("a worker that fails too often is left alone, tried once a minute, and taken back when it stays up")
    func quarantine() {
        let policy = Self.policy()
        var slot = Slot(policy: policy)
        var now = 0.0
        _ = slot.handle(.start, now: now, jitter: 0)
        for _ in 0..<4 {
            _ = slot.handle(.exited(.crash, "exit 1"), now: now, jitter: 0)
            now = slot.deadline ?? now
            if case .quarantined = slot.phase { break }
            _ = slot.handle(.tick, now: now, jitter: 0)
        }
        guard case .quarantined = slot.phase else { return #expect(Bool(false), "\(slot.phase)") }
        _ = slot.handle(.tick, now: now, jitter: 0)
        _ = slot.handle(.exited(.crash, "exit 1"), now: now, jitter: 0)
        #expect(slot.phase == .quarantined(until: now + policy.probeSeconds))
        now += policy.probeSeconds
        _ = slot.handle(.tick, now: now, jitter: 0)
        _ = slot.handle(.ready, now: now, jitter: 0)
        now += policy.stableSeconds
        _ = slot.handle(.tick, now: now, jitter: 0)
        _ = slot.handle(.exited(.crash, "exit 1"), now: now, jitter: 0)
        guard case .backingOff = slot.phase else { return #expect(Bool(false), "\(slot.phase)") }
    }

    @Test(
        "a wrong configuration or a missing binary is not tried again until an operator says so",
        arguments: [
            ExitCause.configuration, .missingBinary,
        ])
    func held(cause: ExitCause) {
        var slot = Slot(policy: RestartPolicy())
        _ = slot.handle(.start, now: 0, jitter: 0)
        _ = slot.handle(.exited(cause, "exit 78"), now: 1, jitter: 0)
        #expect(slot.phase == .held)
        #expect(slot.handle(.tick, now: 1e9, jitter: 0) == [])
        #expect(slot.handle(.restart, now: 2, jitter: 0) == [.spawn(generation: 2)])
    }

    @Test("a stop climbs its ladder: asked, terminated, killed")
    func ladder() {
        let policy = RestartPolicy()
        var slot = Slot(policy: policy)
        _ = slot.handle(.start, now: 0, jitter: 0)
        _ = slot.handle(.ready, now: 0, jitter: 0)
        #expect(slot.handle(.stop, now: 1, jitter: 0) == [.ask])
        #expect(slot.handle(.tick, now: 1 + policy.askSecondsMax - 0.1, jitter: 0) == [])
        #expect(slot.handle(.tick, now: 1 + policy.askSecondsMax, jitter: 0) == [.terminate])
        let killAt = 1 + policy.askSecondsMax + policy.terminateSecondsMax
        #expect(slot.handle(.tick, now: killAt, jitter: 0) == [.killGroup])
        #expect(slot.handle(.exited(.crash, "signal 9"), now: killAt, jitter: 0) == [.killGroup])
        #expect(slot.phase == .stopped)
    }

    @Test("an operator's restart forgets the failures so far and starts at once when the old life has gone")
    func operatorRestart() {
        var slot = Slot(policy: Self.policy())
        _ = slot.handle(.start, now: 0, jitter: 0)
        for turn in 0..<3 {
            _ = slot.handle(.exited(.crash, "exit 1"), now: Double(turn), jitter: 0)
            _ = slot.handle(.tick, now: slot.deadline ?? 0, jitter: 0)
        }
        _ = slot.handle(.ready, now: 50, jitter: 0)
        #expect(slot.handle(.restart, now: 51, jitter: 0) == [.ask])
        #expect(slot.handle(.exited(.crash, "exit 0"), now: 52, jitter: 0) == [.killGroup, .spawn(generation: 5)])
        _ = slot.handle(.exited(.crash, "exit 1"), now: 53, jitter: 1)
        #expect(slot.phase == .backingOff(until: 53.5))
    }

    @Test("a worker that stands still is killed and counts as failed")
    func stuck() {
        var slot = Slot(policy: RestartPolicy())
        _ = slot.handle(.start, now: 0, jitter: 0)
        _ = slot.handle(.ready, now: 0, jitter: 0)
        #expect(slot.handle(.stuck("no progress"), now: 40, jitter: 0).contains(.killGroup))
        _ = slot.handle(.exited(.crash, "signal 9"), now: 40, jitter: 0)
        guard case .backingOff = slot.phase else { return #expect(Bool(false), "\(slot.phase)") }
    }

    @Test("a start that gets on is given time, and none once it does not get on any more")
    func longStart() {
        let policy = RestartPolicy()
        var slot = Slot(policy: policy)
        _ = slot.handle(.start, now: 0, jitter: 0)
        let last = policy.startSecondsMax - 1
        _ = slot.handle(.progressed, now: last, jitter: 0)
        #expect(slot.handle(.tick, now: last + policy.startSecondsMax - 1, jitter: 0) == [])
        #expect(slot.handle(.tick, now: last + policy.startSecondsMax, jitter: 0).contains(.killGroup))
    }

    @Test("a worker that never becomes ready is taken for stuck")
    func neverReady() {
        let policy = RestartPolicy()
        var slot = Slot(policy: policy)
        _ = slot.handle(.start, now: 0, jitter: 0)
        #expect(slot.handle(.tick, now: policy.startSecondsMax, jitter: 0).contains(.killGroup))
    }
}
