import Config
import Domain
import IPC
import Supervisor
import TestSupport
import Testing

/// Nothing goes to and fro, whatever the machine does and whoever comes and goes.
struct GovernorStabilityTests {
    @Test(
        "strain that comes and goes changes the level a few times and no more",
        arguments: [1.0, 2, 5, 10, 20, 30, 31, 40, 60, 90], [true, false])
    func oscillation(periodSeconds: Double, isLate: Bool) {
        var world = GovernorWorld(generators: 4)
        let bad = isLate ? LoadReading.late(generators: 4) : .strained(generators: 4)
        for _ in 0..<Int(3600 / (2 * periodSeconds)) {
            world.pass(seconds: periodSeconds, bad)
            world.pass(seconds: periodSeconds, .full(generators: 4))
        }
        let began = world.changes.first?.at ?? 0
        for change in world.changes {
            let minute = world.changes.filter { $0.at >= change.at && $0.at < change.at + 60 }
            // Up the whole ladder at most, when the air is late.
            #expect(minute.count <= 8, "\(minute.count) changes in a minute")
        }
        let late = world.changes.filter { $0.at > began + 1800 }
        #expect(late.count <= 20, "\(late.count) changes in the second half hour")
    }

    @Test("whatever happens in whatever order, nobody is left stopped and no promise is broken", arguments: 0..<100)
    func randomDays(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let policy = LoadPolicy.allCases.randomElement(using: &random) ?? .balanced
        var world = GovernorWorld(policy, generators: 3)
        for _ in 0..<300 {
            let name = WorkerName(.generator, index: Int.random(in: 1...3, using: &random))
            switch Int.random(in: 0..<12, using: &random) {
            case 0: world.leave(name)
            case 1 where world.generators[name] == nil: world.join(name)
            case 2: world.wanted = Int.random(in: 0...4, using: &random)
            case 3: world.niceFailure = [nil, .notYet, .refused("not allowed")].randomElement(using: &random) ?? nil
            default:
                var reading: LoadReading =
                    [.full(), .strained(), .late(), .between].randomElement(using: &random) ?? .full()
                reading.bufferHealth = (BufferHealth.allCases + [nil]).randomElement(using: &random) ?? nil
                reading.generators[0].cpuPercent = Double.random(in: 0...200, using: &random)
                world.pass(seconds: Double.random(in: 0.2...40, using: &random), reading)
            }
        }
        world.niceFailure = nil
        for index in 1...3 { world.leave(WorkerName(.generator, index: index)) }
        for (name, generator) in world.generators { #expect(generator.stoppedSince == nil, "\(name) is stopped") }
        world.pass(seconds: 20_000, .full())
        #expect(world.level == 0 && world.governor.deadline == nil && world.limit == nil)
    }

    @Test("a generator that starts while others are held back is held back as they are, and its end lets nobody down")
    func newcomer() {
        var world = GovernorWorld(generators: 2)
        while world.level < 3 { world.pass(seconds: 1, .late(generators: 2)) }
        let second = WorkerName(.generator, index: 2)
        world.leave(second)
        world.join(second)
        #expect(world.generators[second]?.nice == 19)
        #expect(world.generators[second]?.tuning == world.first.tuning)
    }

    @Test("what the kernel does not take at once is given again; what it refuses is said once and shown")
    func refused() {
        var world = GovernorWorld()
        world.niceFailure = .notYet
        world.pass(seconds: 10, .strained())
        #expect(world.level == 1 && world.first.nice == 10)
        world.niceFailure = nil
        world.pass(seconds: 1, .strained())
        #expect(world.first.nice == 19)

        world.niceFailure = .refused("generator keeps its niceness")
        world.pass(seconds: 4000, .full())
        #expect(world.level == 0 && world.first.nice == 19)
        #expect(world.governor.words == "generator keeps its niceness")
        #expect(world.said.filter { $0 == "generator keeps its niceness" }.count == 1)
        // The next life has the niceness it is born with.
        world.leave(WorkerName(.generator))
        world.niceFailure = nil
        world.join(WorkerName(.generator))
        #expect(world.governor.words == nil)
    }

    @Test("letting go of everything restores what there was")
    func letGo() {
        var world = GovernorWorld(generators: 3)
        world.pass(seconds: 60, .late(generators: 3))
        world.letGo()
        #expect(world.level == 0 && world.first.nice == 10 && world.first.stoppedSince == nil && world.limit == nil)
        #expect(world.governor.deadline == nil)
    }
}
