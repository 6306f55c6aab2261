import Domain
import Foundation
import Glibc
import Platform
import TestSupport
import Testing

/// Workers killed with `kill -9`, alone and in pairs, at random moments. `script/soak` does it for a quarter of an hour.
@Suite(
    .serialized, .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct FaultKillTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = Double(environment["LOFISUP_SOAK_SECONDS"] ?? "") ?? 60
    /// Another seed is another order of deaths.
    private static let seed = UInt64(environment["LOFISUP_SOAK_SEED"] ?? "") ?? 3

    /// What has been killed, and how long it took after each of the encoder's deaths until media came.
    private struct Tally {
        var kills: [String: Int] = [:]
        var pairs = 0
        var back: [Double] = []

        var words: String {
            let each = FaultStation.workers.map { "\($0) \(kills[$0] ?? 0)" }.joined(separator: ", ")
            let sorted = back.sorted()
            let times =
                sorted.isEmpty
                ? ""
                : "; media back after \(sorted[sorted.count / 2]) s (median), \(sorted[sorted.count - 1]) s at most"
            return "killed: \(each); \(pairs) times two together\(times)"
        }
    }

    @Test("workers killed at random, alone and in pairs: only the encoder's death is heard, for 3 s at most")
    func killedAtRandom() throws {
        try withTemporaryDirectory { root in
            var tally = Tally()
            let recordings = try FaultStation.run(root: root, seconds: Self.seconds) { fault in
                var random = SplitMix64(seed: Self.seed)
                // Everybody once in any order, then whoever it hits.
                var first = (FaultStation.workers.map { [$0] } + [["feeder", "generator"]]).shuffled(using: &random)
                while fault.elapsedSeconds < Self.seconds {
                    try kill(first.popLast() ?? Self.victims(&random), fault, &tally)
                    // Three deaths within three seconds are an epidemic, which is another promise.
                    try fault.wait(untilElapsed: fault.elapsedSeconds + 3.2 + 3 * random.unit())
                }
            }
            report(tally, recordings)
            FaultStation.check(recordings)
            try FaultStation.checkBuffer(root: root)
            let slowest = tally.back.max() ?? .infinity
            #expect(slowest <= 3, "media came back after \(slowest) s")
            #expect(FaultStation.workers.allSatisfy { tally.kills[$0] != nil })
            #expect(recordings.count == tally.back.count + 1, "one connection for each life of the encoder")
        }
    }

    private static func victims(_ random: inout SplitMix64) -> [String] {
        Array(FaultStation.workers.shuffled(using: &random).prefix(random.unit() < 0.4 ? 2 : 1))
    }

    private func kill(_ victims: [String], _ fault: FaultStation, _ tally: inout Tally) throws {
        let known = fault.connections
        let pids = try fault.pids()
        let killed = victims.compactMap { pids[$0] }
        try #require(killed.count == victims.count, "\(victims) run: \(pids)")
        for pid in killed { Glibc.kill(Int32(pid), SIGKILL) }
        let at = fault.elapsedSeconds
        for victim in victims { tally.kills[victim, default: 0] += 1 }
        if victims.count > 1 { tally.pairs += 1 }
        if victims.contains("encoder") {
            try fault.waitForMedia(after: known, withinSeconds: 15)
            let took = fault.elapsedSeconds - at
            tally.back.append(took)
            if took > 3 { print("after \(victims) media came back only after \(took) s, \(at) s in") }
        }
        // A generator that stands back on a busy machine takes its time to start; nobody waits for it.
        try fault.waitUntilAllRun(withinSeconds: 120, before: Set(killed))
    }

    private func report(_ tally: Tally, _ recordings: [Recording]) {
        let frames = recordings.reduce(0) { $0 + $1.audio.frameCount }
        let breaks = recordings.reduce(0) { $0 + max(0, $1.report.runs.count - 1) }
        let seams = FaultStation.seams(recordings).map { $0 * 1000 / StationAudio.framesPerSecond }
        print("seed \(Self.seed), \(Self.seconds) s; \(tally.words)")
        print("heard \(StationAudio.words(frames)) over \(recordings.count) connections, \(breaks) breaks within one")
        print("milliseconds repeated by each new encoder (negative: skipped): \(seams)")
    }
}
