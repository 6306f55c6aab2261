import Config
import Domain
import IPC
import Supervisor
import TestSupport
import Testing

struct GovernorTests {
    @Test("a machine that only the generators fill is no reason to hold them back", arguments: LoadPolicy.allCases)
    func fullMachine(policy: LoadPolicy) {
        var world = GovernorWorld(policy, generators: 3)
        world.pass(seconds: 1200, .full(generators: 3))
        #expect(world.level == 0)
        #expect(world.changes.isEmpty && world.governor.words == nil)
    }

    @Test("the levers are pulled in order while the air is late, and let go of in reverse order")
    func ladder() {
        var world = GovernorWorld(generators: 3)
        var look: [Int: GovernorWorld] = [:]
        for _ in 0..<60 {
            world.pass(seconds: 1, .late(generators: 3))
            look[world.level] = world
        }
        #expect(world.changes.map(\.level) == [1, 2, 3, 4, 5, 6])
        #expect(look[1]?.first.nice == 19 && look[1]?.first.tuning == WorkerTuning(threads: 1) && look[1]?.stops == 0)
        #expect(look[2]?.first.tuning == WorkerTuning(extraRestSeconds: 20, threads: 1) && look[2]?.stops == 0)
        #expect((look[3]?.stops ?? 0) > 0 && look[4]?.limit == nil)
        #expect(look[5]?.limit == 2 && look[6]?.limit == 1, "one generator always stays")
        world.pass(seconds: 3600, .full(generators: 3))
        #expect(world.changes.map(\.level) == [1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1, 0])
        #expect(world.first.nice == 10 && world.first.tuning == WorkerTuning() && world.limit == nil)
        #expect(world.first.stoppedSince == nil && world.governor.deadline == nil)
        #expect(world.said.last == "nothing is held back any more")
    }

    @Test("it says why it holds back, and how")
    func words() {
        var world = GovernorWorld()
        world.pass(seconds: 18, .strained())
        #expect(
            world.governor.words
                == "held back: encoder and feeder wait 1.2 s in each second for a processor; generators at nice 19, 20 s rest"
                + " after each track")
        #expect(world.said.last == world.governor.words)
    }

    @Test("a stopped generator goes on after at most a second and a half, and works half or a quarter of the time")
    func dutyCycle() {
        var world = GovernorWorld()
        while world.level < 4 { world.pass(seconds: 1, .late()) }
        var stoppedSeconds = 0.0
        for _ in 0..<400 {
            world.pass(seconds: 0.1, .between)
            if world.first.stoppedSince != nil { stoppedSeconds += 0.1 }
        }
        #expect(stoppedSeconds > 28 && stoppedSeconds < 32, "\(stoppedSeconds) s of 40")
    }

    @Test("while the music runs out nothing but niceness is held back, unless the air itself is late")
    func emergency() {
        var world = GovernorWorld(generators: 2)
        var reading = LoadReading.strained(generators: 2)
        reading.bufferHealth = .emergency
        world.pass(seconds: 600, reading)
        #expect(world.level == 1 && world.stops == 0)

        reading.latenessSeconds = 0.2
        world.pass(seconds: 60, reading)
        #expect(world.level == 5 && world.stops > 0)

        var other = GovernorWorld(generators: 2)
        other.pass(seconds: 300, .strained(generators: 2))
        #expect(other.level == 5)
        reading.latenessSeconds = 0.03
        other.pass(seconds: 1, reading)
        #expect(other.level == 1 && other.limit == nil && other.first.stoppedSince == nil)
    }

    @Test("generators that use next to nothing are not held back further: it would not help")
    func idleGenerators() {
        var world = GovernorWorld()
        var reading = LoadReading.late()
        reading.generators = [.init(WorkerName(.generator), cpuPercent: 3)]
        world.pass(seconds: 600, reading)
        #expect(world.level == 1)
    }

    @Test("gentle stands back for other programs, greedy only for late frames, off for nothing")
    func policies() {
        var others = LoadReading.full()
        others.generators = [.init(WorkerName(.generator), cpuPercent: 60)]
        for (policy, expected) in [(LoadPolicy.gentle, true), (.balanced, false), (.greedy, false), (.off, false)] {
            var world = GovernorWorld(policy)
            world.pass(seconds: 60, others)
            #expect((world.level > 0) == expected, "\(policy)")
        }
        for (policy, expected) in [(LoadPolicy.gentle, true), (.balanced, true), (.greedy, false), (.off, false)] {
            var world = GovernorWorld(policy)
            world.pass(seconds: 60, .strained())
            #expect((world.level > 0) == expected, "\(policy)")
        }
        var world = GovernorWorld(.greedy)
        world.pass(seconds: 60, .late())
        #expect(world.level == 4)
        var off = GovernorWorld(.off)
        off.pass(seconds: 60, .late())
        #expect(off.level == 0)
    }

    @Test("where the kernel counts no waits, somebody else's pressure counts, and without PSI the load average")
    func uncounted() {
        var reading = LoadReading.full()
        reading.airWaitSecondsPerSecond = nil
        var world = GovernorWorld()
        world.pass(seconds: 60, reading)
        #expect(world.level == 0, "the pressure is the generators' own")
        reading.generators = [.init(WorkerName(.generator), cpuPercent: 60)]
        world.pass(seconds: 8, reading)
        #expect(world.governor.words?.contains("processors are short, some avg10=98 %") == true)
        reading.pressurePercent = nil
        world = GovernorWorld()
        world.pass(seconds: 8, reading)
        #expect(world.governor.words?.contains("load average 12") == true)
    }
}

extension LoadReading {
    /// Neither short nor at ease.
    static var between: LoadReading {
        var reading = full()
        reading.airWaitSecondsPerSecond = 0.7
        return reading
    }
}
