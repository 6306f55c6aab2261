import Domain
import FoundationEssentials
import Glibc
import IPC
import Platform
import TestSupport
import Testing

@testable import Supervisor

/// The real supervisor over workers that do what no worker should.
@Suite(.serialized)
struct BadWorkerTests {
    private let clock = SystemClock()

    @Test("a worker deaf to every request is killed in time, and whoever it has forked goes with it")
    func deafAndForked() throws {
        try withTemporaryDirectory { root in
            let steps = ["feeder": "deaf\nfork group\nfork session\nfork double\nready"]
            let settings = ["askSecondsMax=0.5", "terminateSecondsMax=0.5"]
            try BadStationProcess.run(root: root, settings, steps: steps) { station in
                try station.waitUntilRunning()
                try eventually(within: 10, "it has left three behind") { station.diary("left").count == 3 }
                let family = station.diary("left").map(\.pid)
                let asked = clock.monotonicSeconds
                let order = WorkerOrder(worker: "feeder")
                let status: OperationStatus = try station.client().ask(.stop, order)
                let done = try station.client().wait(for: status.operation, seconds: 10)
                let took = clock.monotonicSeconds - asked
                print("a deaf worker was stopped after \(took) s")
                #expect(done.state == .done)
                #expect(took > 0.9 && took < 4)
                try eventually(within: 3, "nobody it has started lives") { family.allSatisfy { !Self.lives($0) } }

                // Again, and this time it dies by itself, and the whole station goes down after it.
                let _: OperationStatus = try station.client().ask(.start, order)
                try station.waitUntilRunning()
                try eventually(within: 10, "it has left three more") { station.diary("left").count == 6 }
                try station.kill("feeder")
                try eventually(within: 10, "its next life has begun") { station.diary("left").count == 9 }
                let all = station.diary("left")
                #expect(all.prefix(6).allSatisfy { !Self.lives($0.pid) }, "before another life begins they are gone")
                #expect(station.stop() == .code(0))
                try eventually(within: 3, "nothing is left") { station.processesLeft().isEmpty }
            }
        }
    }

    private static func lives(_ pid: Int32) -> Bool { Glibc.kill(pid, 0) == 0 }

    @Test("a closed output costs nothing, a closed line is a reason to be replaced")
    func closed() throws {
        try withTemporaryDirectory { root in
            let steps = ["feeder": "close-output\nready", "dashboard": "ready\nlive 0.5\nclose-line\ndeaf"]
            try BadStationProcess.run(root: root, steps: steps) { station in
                try station.waitUntilRunning()
                try eventually(within: 10, "the dashboard is replaced", pollSeconds: 0.1) {
                    try station.worker("dashboard").restarts >= 1
                }
                let exit = try #require(try station.why("dashboard").exits.last)
                #expect(exit.cause == "watchdog")
                #expect(try station.events().contains { $0.text.contains("its line to the supervisor is closed") })
                try station.write(steps: "ready", for: "dashboard")
                try station.waitUntilRunning()
                let percent = try station.cpuPercent(overSeconds: 2)
                print("with a closed output the supervisor takes \(percent) % of a processor")
                #expect(percent < 20)
                #expect(try station.worker("feeder").restarts == 0)
            }
        }
    }

    @Test("100 MB of log pass through bounded memory, what is dropped is counted, and ctl is answered all the while")
    func flood() throws {
        try withTemporaryDirectory { root in
            let steps = ["generator": "ready\nprint before\nlog 100000000\nprint after"]
            try BadStationProcess.run(root: root, ["generators=1"], steps: steps) { station in
                try station.waitUntilRunning()
                let began = clock.monotonicSeconds
                var largest = 0
                let worst = try station.worstPing(withinSeconds: 120, until: "the drops are counted") {
                    largest = max(largest, station.figures?.residentBytes ?? 0)
                    let query = FeedQuery(since: 0, countMax: 1000, worker: "generator")
                    return try station.client().feed(.logs, query).entries.contains { $0.kind == "dropped" }
                }
                print(
                    "100 MB of log: \(clock.monotonicSeconds - began) s, \(largest >> 20) MiB resident, "
                        + "ping \(worst) s at worst")
                #expect(worst < 1)
                #expect(largest < 120 << 20)
                let query = FeedQuery(since: 0, countMax: 1000, worker: "generator")
                let lines = try station.client().feed(.logs, query).entries
                let dropped = lines.filter { $0.kind == "dropped" }
                    .compactMap { Int($0.text.prefix { $0.isNumber }) }.reduce(0, +)
                let kept = lines.filter { $0.kind != "dropped" }.count
                // And a word before and after them.
                let sent = 100_000_000 / 186 + 3
                print("\(sent) lines sent, \(kept) kept, \(dropped) dropped")
                #expect(kept + dropped == sent)
                #expect(try station.worker("generator").restarts == 0)
                #expect(try Files.stamp(root + "/log")?.bytes ?? .max < 1 << 20, "nor does our own log grow with it")
            }
        }
    }

    @Test("garbage, endless frames, half a line and floods of messages: whoever talks too much, ctl is answered")
    func garbage() throws {
        try withTemporaryDirectory { root in
            let steps = [
                "feeder": "ready\ngarbage 5000000", "encoder": "ready\nframe 10000000\nmute",
                "dashboard": "ready\nhalf\nmute", "generator": "ready\nmessages 4", "generator/2": "ready\nask 4",
            ]
            try BadStationProcess.run(root: root, ["generators=2", "silentSecondsMax=3"], steps: steps) { station in
                try station.waitUntilRunning(["generator", "generator/2"])
                var largest = 0
                let worst = try worstPing(of: station, seconds: 8) {
                    largest = max(largest, station.figures?.residentBytes ?? 0)
                }
                print(
                    "ping under garbage \(worst.here) s at worst, \(worst.beside) s of a quiet station beside it; "
                        + "\(largest >> 20) MiB resident")
                #expect(worst.here < 1 + worst.beside, "beyond what the machine itself makes one wait")
                #expect(largest < 120 << 20)
                #expect(
                    try station.why("encoder").exits.contains { $0.cause == "watchdog" }, "it sent 10 MB in one frame")
                #expect(
                    try station.why("dashboard").exits.contains { $0.cause == "watchdog" }, "half a line is no word")
                let events = try station.events()
                #expect(events.first?.number == 1, "what matters is not pushed out by what is garbled")
                #expect(events.filter { $0.kind == "garbled" }.count < 200)
                #expect(events.contains { $0.worker == "feeder" && $0.kind == "garbled" })
                for name in ["feeder", "encoder", "dashboard"] { try station.write(steps: "ready", for: name) }
                try station.waitUntilRunning(["feeder", "encoder", "dashboard", "generator", "generator/2"])
            }
        }
    }

    /// How long `station` takes to answer at worst, and how long a station beside it whose workers are good ones.
    private func worstPing(
        of station: BadStationProcess, seconds: Double, _ each: () -> Void
    ) throws -> (here: Double, beside: Double) {
        try withTemporaryDirectory { root in
            try BadStationProcess.run(root: root) { quiet in
                try quiet.waitUntilRunning()
                let began = clock.monotonicSeconds
                var beside = 0.0
                let here = try station.worstPing(withinSeconds: seconds + 20, until: "the time has passed") {
                    let asked = clock.monotonicSeconds
                    try quiet.ping()
                    beside = max(beside, clock.monotonicSeconds - asked)
                    each()
                    return clock.monotonicSeconds - began > seconds
                }
                return (here, beside)
            }
        }
    }
}
