import Supervisor
import TestSupport
import Testing

/// The state table under thousands of random sequences of events; `SlotWorld` holds the invariants at every step.
struct SlotSequenceTests {
    private static func policy() -> RestartPolicy {
        var policy = RestartPolicy()
        policy.failuresMax = 3
        return policy
    }

    /// Lets everything happen to a slot that can, in any order.
    private static func play(_ world: inout SlotWorld, steps: Int) {
        world.handle(.begin)
        for _ in 0..<steps {
            world.guardHolds = world.random.unit() < 0.1
            switch Int.random(in: 0..<26, using: &world.random) {
            case 0: world.handle(.start)
            case 1: world.handle(.stop)
            case 2: world.handle(.restart)
            case 3: world.handle(.pause)
            case 4: world.handle(.resume)
            case 5: world.handle(.stopNow)
            case 6: world.handle(.end)
            case 7: world.handle(.begin)
            case 8: world.handle(.conditionsMended)
            case 9: world.handle(.woke)
            case 10: world.handle(.stuck("no answer"))
            case 11: world.die(.crash)
            case 12: world.die(.outOfMemory)
            case 13: world.restartSupervisor(adopting: true)
            case 14: world.restartSupervisor(adopting: false)
            // What comes too late, twice or from nowhere.
            case 15: world.handle(world.slot.hasProcess ? .progressed : .ready)
            case 16 where world.life?.hasLeader != false: world.handle(.groupEmpty)
            case 17 where world.life?.hasLeader != true: world.handle(.exited(.crash, "again"))
            case 18: world.pass(300)
            default: world.pass(world.random.unit() * 20)
            }
        }
        world.guardHolds = false
    }

    @Test(
        "whatever happens in whatever order: one life, no start inside a pause, budgets that only failures spend",
        arguments: 0..<20)
    func invariants(block: UInt64) {
        var spawns = 0
        for seed in 0..<60 as Range<UInt64> {
            var world = SlotWorld(seed: block * 1000 + seed, policy: Self.policy())
            Self.play(&world, steps: 80)
            spawns += world.spawns
        }
        // The sequences did get somewhere.
        #expect(spawns > 300)
    }

    @Test("a stop always ends, whatever came before, once the process can be killed", arguments: 0..<10)
    func stopEnds(block: UInt64) {
        let policy = Self.policy()
        for seed in 0..<30 as Range<UInt64> {
            var world = SlotWorld(seed: 100_000 + block * 1000 + seed, policy: policy)
            Self.play(&world, steps: 40)
            let killableIn = max(0, (world.life?.unkillableUntil ?? 0) - world.now)
            world.handle(seed % 2 == 0 ? .stop : .end)
            let ladder = policy.askSecondsMax + policy.terminateSecondsMax + policy.killSecondsMax
            world.pass(ladder + killableIn + policy.unkillableRetrySeconds + 1)
            #expect(world.slot.phase == .stopped)
            let spawns = world.spawns
            world.pass(3600)
            #expect(world.spawns == spawns)
        }
    }

    @Test("an urgent stop ends as soon as the process can be killed", arguments: 0..<10)
    func urgentStopEnds(block: UInt64) {
        for seed in 0..<30 as Range<UInt64> {
            var world = SlotWorld(seed: 200_000 + block * 1000 + seed, policy: Self.policy())
            Self.play(&world, steps: 40)
            let killableIn = max(0, (world.life?.unkillableUntil ?? 0) - world.now)
            world.handle(.stopNow)
            world.pass(killableIn + 0.1)
            #expect(world.slot.phase == .stopped)
        }
    }

    @Test(
        "whatever came before, a worker that is wanted and works again runs within the longest wait", arguments: 0..<10)
    func alwaysBack(block: UInt64) {
        let policy = Self.policy()
        for seed in 0..<30 as Range<UInt64> {
            var world = SlotWorld(seed: 300_000 + block * 1000 + seed, policy: policy)
            Self.play(&world, steps: 40)
            world.handle(.resume)
            world.isHostile = false
            // An operator's stop or a wrong configuration lasts until somebody says otherwise.
            if world.slot.phase == .stopped || world.slot.phase == .held(.configuration) { world.handle(.start) }
            world.pass(120)
            if world.slot.phase == .stopped || world.slot.phase == .held(.configuration) { world.handle(.start) }
            world.pass(policy.probeSecondsMax + policy.startSecondsMax + 60)
            guard case .running = world.slot.phase else {
                Issue.record("seed \(block), \(seed): \(world.slot.phase) after all that time")
                continue
            }
            #expect(world.slot.isReady && world.slot.isResponsive(now: world.now))
            let memory = world.slot.memory(now: world.now)
            #expect(memory.isUnspent(policy))
        }
    }

    @Test("a worker that can never live is tried for ever, at growing and bounded intervals")
    func neverGivenUp() {
        let policy = Self.policy()
        var slot = Slot(policy: policy)
        var now = 0.0
        var starts: [Double] = []
        var actions = slot.handle(.begin, now: now, jitter: 0)
        for _ in 0..<200 {
            #expect(actions.contains { if case .spawn = $0 { true } else { false } })
            starts.append(now)
            _ = slot.handle(.exited(.crash, "exit 1"), now: now, jitter: 0)
            _ = slot.handle(.groupEmpty, now: now, jitter: 0)
            now = slot.deadline() ?? .infinity
            actions = slot.handle(.tick(mayStart: true), now: now, jitter: 0)
        }
        let gaps = zip(starts.dropFirst(), starts).map { $0 - $1 }
        #expect(Array(gaps.prefix(7)) == [0.25, 0.5, 1, 60, 120, 240, 300])
        #expect(gaps.dropFirst(7).allSatisfy { $0 == policy.probeSecondsMax })
    }
}
