import Domain
import FoundationEssentials
import Glibc
import IPC
import Platform
import TestSupport
import Testing

/// What several deaths at once, and deaths of the supervisor itself, do to a station.
@Suite(.serialized)
struct FaultLifeTests {
    @Test("of workers that die together one is tried alone; when it lives the others follow one by one")
    func epidemic() throws {
        try withTemporaryDirectory { root in
            try BadStationProcess.run(root: root, ["generators=1"]) { station in
                let names = ["encoder", "feeder", "dashboard", "generator"]
                try station.waitUntilRunning(names)
                let known = try #require(try station.events().last).number
                try station.kill("feeder", "encoder", "generator")
                try eventually(within: 20, "all have started again", pollSeconds: 0.1) {
                    try names.dropLast(2).allSatisfy { try station.worker($0).restarts == 1 }
                        && station.worker("generator").restarts == 1
                }
                try station.waitUntilRunning(names)
                let events = try station.events().filter { $0.number > known }
                print(events.map { "\($0.worker ?? "-") \($0.kind): \($0.text)" }.joined(separator: "\n"))
                let exits = events.filter { $0.kind == "exited" }
                #expect(Set(exits.compactMap(\.worker)) == ["feeder", "encoder", "generator"])
                let pause = try #require(
                    events.first { $0.kind == "epidemic" && $0.text.contains("nothing is started") })
                let starts = events.filter { $0.kind == "started" }
                try #require(starts.count == 3)
                #expect(
                    starts.map(\.worker) == ["encoder", "feeder", "generator"], "the most important one is the canary")
                let alone = try #require(events.first { $0.text.hasSuffix("encoder is tried alone") })
                let ready = try #require(events.first { $0.kind == "ready" && $0.worker == "encoder" })
                let numbers = [exits.map(\.number).max() ?? 0, pause.number, alone.number]
                #expect(numbers == numbers.sorted(), "\(numbers)")
                #expect(starts[1].time - ready.time >= 0.9, "the canary lives for a second before others follow")
                #expect(starts[0].time - (exits.map(\.time).max() ?? 0) >= 0.9, "and nothing is started for a second")
                #expect(starts[2].time - starts[1].time >= 0.25)
                #expect(try station.worker("dashboard").restarts == 0)
            }
        }
    }

    @Test("a worker that nobody wrote down is found, and is gone before its place is filled again")
    func strays() throws {
        try withTemporaryDirectory { root in
            let steps = ["encoder": "deaf\nready", "generator": "deaf\nready"]
            try BadStationProcess.run(root: root, ["generators=1"], steps: steps) { station in
                try station.waitUntilRunning(["encoder", "feeder", "generator"])
                station.process.signal(SIGKILL)
                _ = station.process.wait(timeoutSeconds: 5)
                station.abandon()
            }
            try Files.remove(root + "/run/supervisor.json")
            // Without a generator: that of the life before has no place to be found in.
            let settings = ["askSecondsMax=0.3", "terminateSecondsMax=0.3"]
            try BadStationProcess.run(root: root, settings, steps: steps) { station in
                try station.waitUntilRunning()
                #expect(station.diary("twice").isEmpty, "\(station.diary("twice"))")
                #expect(station.processesLeft().count == 4, "\(station.processesLeft())")
                #expect(station.stop() == .code(0))
            }
        }
    }

    @Test("a supervisor killed at any moment and started again: nothing runs twice, and nothing is forgotten")
    func killedSupervisor() throws {
        try withTemporaryDirectory { root in
            var random = SplitMix64(seed: 5)
            // One that is deaf to the end of its line, one that fails again and again, and good ones.
            let steps = ["encoder": "deaf\nready", "dashboard": "ready\nlive 0.2\nexit 1"]
            let settings = [
                "generators=1", "failuresMax=5", "pauseSecondsFirst=0.1", "pauseSecondsMax=0.1", "probeSeconds=60",
                "askSecondsMax=0.3", "terminateSecondsMax=0.3",
            ]
            let clock = SystemClock()
            var generation = 0
            for _ in 0..<8 {
                let seconds = 0.1 + 1.4 * random.unit()
                try BadStationProcess.run(root: root, settings, steps: steps) { station in
                    try eventually(within: 10, "it answers", pollSeconds: 0.01) { (try? station.status()) != nil }
                    let began = clock.monotonicSeconds
                    try eventually(within: 10, "its time has come") { clock.monotonicSeconds - began >= seconds }
                    let now = try station.worker("dashboard").generation
                    #expect(now >= generation, "generations only grow")
                    generation = now
                    station.process.signal(SIGKILL)
                    _ = station.process.wait(timeoutSeconds: 5)
                    #expect(station.diary("twice").isEmpty, "\(station.diary("twice"))")
                    // The next one starts at once, over whatever is left.
                    station.abandon()
                }
            }
            try BadStationProcess.run(root: root, settings, steps: steps) { station in
                try station.waitUntilRunning(["encoder", "feeder", "generator"])
                try eventually(within: 10, "the failures of all lives are counted", pollSeconds: 0.1) {
                    try station.worker("dashboard").state == "quarantined"
                }
                let lives = station.diary("born").filter { $0.words == "dashboard" }.count
                print("the dashboard lived \(lives) times over nine supervisors")
                // Five failures, one more that spends the rest, and those that died with their supervisor.
                #expect(lives <= 6 + 9)
                let history = try station.why("dashboard")
                #expect(history.exits.count == 5, "the exits of the lives before are kept")
                #expect(station.diary("twice").isEmpty, "\(station.diary("twice"))")
                let events = try FaultExhaustionTests.book(root)
                #expect(events.map(\.number) == Array(1...events.count), "no number is missing and none is given twice")
                let left = station.processesLeft()
                #expect(left.count == 4, "the supervisor, encoder, feeder and generator:\n\(left)")
                #expect(station.stop() == .code(0))
                #expect(station.processesLeft() == [])
            }
        }
    }
}
