import Domain
import Foundation
import Glibc
import Platform
import TestSupport
import Testing

/// The station's central promise, proved with a signal that numbers its samples, received back from a real RTMP
/// server and from the local HLS. `script/soak` runs the first of these for longer.
@Suite(
    .serialized, .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct SeamlessTests {
    /// Seconds of stream to look at while feeders are killed; `script/soak` sets more.
    private static let seconds = Double(ProcessInfo.processInfo.environment["LOFISUP_SOAK_SECONDS"] ?? "") ?? 60

    @Test("a feeder killed twice a minute or more is not heard, neither over RTMP nor in the HLS")
    func feederKilled() throws {
        let killEverySeconds = min(30, Self.seconds / 2)
        try receive(seconds: Self.seconds) { station, elapsed in
            var kills = 0
            while elapsed() < Self.seconds {
                let due = (Double(kills) + 0.5) * killEverySeconds
                try eventually(within: killEverySeconds * 2, "the next kill is due") {
                    elapsed() >= min(due, Self.seconds)
                }
                if elapsed() >= Self.seconds { break }
                try station.signal("feeder", SIGKILL)
                kills += 1
            }
            #expect(kills >= 2)
            print("feeders killed: \(kills) in \(Self.seconds) s")
        }
    }

    @Test("an ffmpeg that is killed or frozen while encoding and a frozen feeder are not heard; the connection stays")
    func frozen() throws {
        let clock = SystemClock()
        try receive(seconds: 24) { station, elapsed in
            try eventually(within: 20, "four seconds have aired") { elapsed() >= 4 }
            let first = try #require(station.encodingFFmpeg())
            kill(first, SIGKILL)
            try eventually(within: 5, "a new ffmpeg encodes") { station.encodingFFmpeg().map { $0 != first } ?? false }

            try eventually(within: 20, "eight seconds have aired") { elapsed() >= 8 }
            let second = try #require(station.encodingFFmpeg())
            kill(second, SIGSTOP)
            var began = clock.monotonicSeconds
            try eventually(within: 8, "the frozen ffmpeg is noticed and replaced") {
                station.encodingFFmpeg().map { $0 != second } ?? false
            }
            print("a frozen ffmpeg was replaced after \(clock.monotonicSeconds - began) s")

            let feeder = try station.signal("feeder", SIGSTOP)
            began = clock.monotonicSeconds
            try eventually(within: 11, "the frozen feeder is noticed and replaced", pollSeconds: 0.1) {
                let worker = try? station.worker("feeder")
                return worker?.state == "running" && worker?.pid != Int(feeder)
            }
            print("a frozen feeder was replaced after \(clock.monotonicSeconds - began) s")
            #expect(station.log.contains("feeder: warning: stuck: no word for"))
            // The cushion that it left has to be filled again before what follows is proved.
            try eventually(within: 20, "24 seconds have aired") { elapsed() >= 24 }
            let destination = try station.status().destinations.first { $0.name == "far-end" }
            #expect(destination?.reconnects == 0)
        }
    }

    /// Plays numbered tracks of 20 s to an RTMP server while `hurt` does its worst, then checks every sample.
    private func receive(seconds: Double, hurt: (StationUnderTest, () -> Double) throws -> Void) throws {
        try withTemporaryDirectory { root in
            try withRTMPServer { server in
                let buffer = NumberedBuffer(root: root)
                try buffer.append(tracks: Int(seconds / 18) + 3)
                let config = StationFile(
                    sections: buffer.sections + "\n[dashboard]\nenabled = false",
                    destinations: [("far-end", server.url(key: "numbered"))])
                try StationUnderTest.run(root: root, config: config, arguments: ["--mode", "feeder-only"]) { station in
                    try station.waitUntilOnAir()
                    let clock = SystemClock()
                    let began = clock.monotonicSeconds
                    try hurt(station) { clock.monotonicSeconds - began }
                    #expect(station.stop() == .code(0), "the station did not stop when told:\n\(station.log)")
                    #expect(station.processesLeft() == [])
                }
                let recordings = try Recording.all(server, key: "numbered", scratch: root)
                #expect(recordings.count == 1, "one connection from beginning to end")
                let recording = try #require(recordings.first)
                check(recording.report, atLeastSeconds: seconds - 5, from: "RTMP")
                #expect(recording.timeline.audioJumps() == [])
                let played = try decodeHLS(directory: root + "/run/hls", playlist: "live.m3u8", to: root + "/hls.pcm")
                check(FarEnd.analyse(played), atLeastSeconds: min(seconds, 55) - 8, from: "HLS")
            }
        }
    }

    private func check(_ report: FarEndReport, atLeastSeconds: Double, from place: String) {
        print("\(place): \(report)")
        #expect(report.isUnbroken, "\(place) heard something else than the signal:\n\(report)")
        #expect((report.unbrokenIndices?.count ?? 0) >= StationAudio.frames(inSeconds: atLeastSeconds))
    }
}
