import Domain
import Foundation
import Glibc
import Platform
import TestSupport
import Testing

/// The air on a machine whose every processor is busy, beside a generator that never rests. `script/load` runs this for
/// longer, and the same without the governor.
@Suite(
    .serialized, .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct LoadTests {
    /// `script/load` sets it.
    private static let secondsAsked = Double(ProcessInfo.processInfo.environment["LOFISUP_LOAD_SECONDS"] ?? "")
    private static let generators = ProcessInfo.processInfo.environment["LOFISUP_LOAD_GENERATORS"] ?? "1"
    private static let isHard = ProcessInfo.processInfo.environment["LOFISUP_LOAD_HARD"] != nil
    private static let seconds = secondsAsked ?? 30
    /// What may be heard of the machine's load: nothing. How late a frame may be in the encoder.
    private static let lateSecondsMax = 0.1

    @Test("with every processor busy and a generator at full tilt frames come in time, and nothing of it is heard")
    func governed() throws {
        let run = try air(generator: "", supervisor: "")
        print("governed: \(run)")
        let report = try #require(run.report)
        #expect(report.isUnbroken, "the far end heard something else than the signal:\n\(report)")
        #expect((report.unbrokenIndices?.count ?? 0) >= StationAudio.frames(inSeconds: Self.seconds - 5))
        #expect(run.jumps == 0 && run.reconnects == 0)
        // A test run among others may meet one bad second; one of minutes, alone, may not.
        let worst = Self.secondsAsked == nil ? run.lateness.dropLast(run.lateness.count / 10).last : run.lateness.last
        #expect(worst ?? .infinity < Self.lateSecondsMax)
        if Self.secondsAsked != nil { #expect(run.tracksMade > 0, "the generator gets what is left over") }
    }

    @Test(
        "the same load without the governor, to compare",
        .enabled(if: secondsAsked != nil, "shown by script/load, beside the other: it proves nothing by itself"))
    func ungoverned() throws {
        let run = try air(generator: "nice = 0", supervisor: "load_policy = \"off\"\nair_nice = 0")
        print("not governed: \(run)")
        #expect(run.throttles.isEmpty)
    }

    @Test("a generator that is stopped when the supervisor is killed goes on, and ends like the others")
    func stoppedOrphan() throws {
        try withTemporaryDirectory { root in
            let config = StationFile(sections: "[dashboard]\nenabled = false\n[buffer]\nhealthy_rest_seconds = 0")
            try StationUnderTest.run(root: root, config: config, arguments: ["--mode", "generator-only"]) { station in
                let pid = try station.signal("generator", SIGSTOP)
                try eventually(within: 5, "it is stopped") { ProcessFigures(pid: pid)?.state == "T" }
                kill(station.supervisorPID, SIGKILL)
                try eventually(within: 40, "no process is left", pollSeconds: 0.1) { station.processesLeft() == [] }
            }
        }
    }

    private struct Run: CustomStringConvertible {
        var busy: String
        /// What the far end heard.
        var report: FarEndReport?
        var jumps: Int
        var reconnects: Int
        /// The worst of each second, the least first.
        var lateness: [Double]
        var throttles: Set<String>
        var tracksMade: Int
        var loadAverage: Double

        var description: String {
            func milliseconds(_ share: Double) -> String {
                guard !lateness.isEmpty else { return "-" }
                return "\(Int(lateness[Int(share * Double(lateness.count - 1))] * 1000)) ms"
            }
            let heard = report.map { $0.isUnbroken ? "nothing but the signal" : "\($0)" } ?? "-"
            return """
                \(busy), \(lateness.count) s: the worst frame of a second is \(milliseconds(0.5)) late in the median, \
                \(milliseconds(0.99)) in the 99th percentile, \(milliseconds(1)) at worst; \(tracksMade) tracks of 20 s \
                made meanwhile; load average \(loadAverage); heard: \(heard), \
                \(jumps) jumps in the timeline, \(reconnects) reconnects
                throttle: \(throttles.isEmpty ? "none" : throttles.sorted().joined(separator: "\n  "))
                """
        }
    }

    /// Plays numbered tracks beside a busy machine while a generator fills the Buffer behind them.
    private func air(generator: String, supervisor: String) throws -> Run {
        try withTemporaryDirectory { root in
            try withRTMPServer { server in
                let buffer = NumberedBuffer(root: root)
                try buffer.append(tracks: Int(Self.seconds / 18) + 4)
                let sections = buffer.sections.replacing("count = 0", with: "count = \(Self.generators)\n\(generator)")
                let config = StationFile(
                    sections: sections + """

                        [buffer]
                        healthy_rest_seconds = 0
                        warning_rest_seconds = 0
                        target_hours = 700
                        max_hours = 700
                        [dashboard]
                        enabled = false
                        """, supervisor: supervisor, destinations: [("far-end", server.url(key: "load"))])
                var run = try StationUnderTest.run(root: root, config: config) { station in
                    try station.waitUntilOnAir()
                    return try ProcessorGroup.during { group in
                        group?.take(ProcessFamily(of: station.supervisorPID).members)
                        let run = try BusyMachine.during(isHard: Self.isHard, group: group) { busy in
                            try watch(station, busy: busy.kind + (group == nil ? "" : " in the station's cpu cgroup"))
                        }
                        #expect(station.stop() == .code(0), "the station did not stop when told:\n\(station.log)")
                        return run
                    }
                }
                let recordings = try Recording.all(server, key: "load", scratch: root)
                #expect(recordings.count == 1, "one connection from beginning to end")
                let recording = try #require(recordings.first)
                run.report = recording.report
                run.jumps = recording.timeline.audioJumps().count
                return run
            }
        }
    }

    private func watch(_ station: StationUnderTest, busy: String) throws -> Run {
        let clock = SystemClock()
        let began = clock.monotonicSeconds
        let before = try station.status().generation?.tracksMade ?? 0
        var lateness: [Double] = []
        var throttles: Set<String> = []
        var next = began
        while clock.monotonicSeconds - began < Self.seconds {
            next += 1
            try eventually(within: 30, "a second has passed", pollSeconds: 0.05) { clock.monotonicSeconds >= next }
            guard let load = try station.status().load else { continue }
            if let late = load.latenessSeconds { lateness.append(late) }
            // How it is held back; the reason has another figure every second.
            if let words = load.throttle {
                throttles.insert(words.split(separator: "; ").dropFirst().joined(separator: "; "))
            }
        }
        let last = try station.status()
        return Run(
            busy: busy, report: nil, jumps: 0,
            reconnects: last.destinations.first { $0.name == "far-end" }?.reconnects ?? 0, lateness: lateness.sorted(),
            throttles: throttles, tracksMade: max(0, (last.generation?.tracksMade ?? 0) - before),
            loadAverage: last.load?.loadAverage ?? 0)
    }
}
