import Domain
import Foundation
import Glibc
import Platform
import TestSupport
import Testing

/// The station's central promise, proved with a signal that numbers its samples, received back from a real RTMP
/// server and from the local HLS. `script/soak` runs the same for longer.
@Suite(
    .serialized, .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct SeamlessTests {
    /// Seconds of stream to look at, and how often a worker is killed meanwhile; `script/soak` sets more.
    private static let seconds = Double(ProcessInfo.processInfo.environment["LOFISUP_SOAK_SECONDS"] ?? "") ?? 60
    private static let killEverySeconds = 30.0

    @Test("a feeder killed twice a minute is not heard, neither over RTMP nor in the HLS")
    func feederKilled() throws {
        try receive { station, elapsed in
            var kills = 0
            while elapsed() < Self.seconds {
                let due = (Double(kills) + 0.5) * Self.killEverySeconds
                try eventually(within: Self.killEverySeconds * 2, "the next kill is due") {
                    elapsed() >= min(due, Self.seconds)
                }
                if elapsed() >= Self.seconds { break }
                try station.kill("feeder")
                kills += 1
            }
            #expect(kills >= 2)
        }
    }

    @Test("an ffmpeg that is killed while encoding loses no sample, and the RTMP connection stays up")
    func ffmpegKilled() throws {
        try receive(seconds: 25) { station, elapsed in
            try eventually(within: 20, "ten seconds have aired") { elapsed() >= 10 }
            let encoders = station.processesLeft().filter { $0.contains("-stream_loop") }
            #expect(encoders.count == 1)
            for line in encoders { if let pid = Int32(line.prefix { $0 != " " }) { kill(pid, SIGKILL) } }
            try eventually(within: 40, "25 seconds have aired") { elapsed() >= 25 }
            let status = try station.status()
            let destination = status.destinations.first { $0.name == "far-end" }
            #expect(destination?.reconnects == 0)
        }
    }

    /// Plays numbered tracks of 20 s to an RTMP server while `hurt` does its worst, then checks every sample.
    private func receive(
        seconds: Double = SeamlessTests.seconds, hurt: (StationUnderTest, () -> Double) throws -> Void
    ) throws {
        try withTemporaryDirectory { root in
            try withRTMPServer { server in
                let tracks = Int(seconds / 18) + 4
                try StationUnderTest.fillBuffer(
                    root: root, tracks: tracks, trackSeconds: 20, promptSeconds: 36_000, crossfadeSeconds: 2)
                let config =
                    StationUnderTest.quickPicture + """
                        [generator]
                        count = 0
                        track_seconds = 20
                        prompt_seconds = 36000
                        [dashboard]
                        enabled = false
                        [[destinations]]
                        name = "far-end"
                        url = "\(server.url(key: "numbered"))"

                        """
                let heard = try StationUnderTest.run(root: root, config: config, arguments: ["--mode", "feeder-only"]) {
                    station in
                    try station.waitUntilOnAir()
                    let clock = SystemClock()
                    let began = clock.monotonicSeconds
                    try hurt(station) { clock.monotonicSeconds - began }
                    #expect(station.stop() == .code(0), "the station did not stop when told:\n\(station.log)")
                    #expect(station.processesLeft() == [])
                    return seconds
                }
                let recordings = server.recordings(key: "numbered")
                #expect(recordings.count == 1, "one connection from beginning to end")
                let recording = try #require(recordings.first)
                try check(decodePCM(recording, to: root + "/rtmp.pcm"), atLeastSeconds: heard - 5, from: "RTMP")
                let played = try decodeHLS(directory: root + "/run/hls", playlist: "live.m3u8", to: root + "/hls.pcm")
                try check(played, atLeastSeconds: min(heard, 55) - 8, from: "HLS")
            }
        }
    }

    private func check(_ audio: DecodedAudio, atLeastSeconds: Double, from place: String) throws {
        let report = FarEnd.analyse(audio)
        print("\(place): \(report)")
        #expect(report.isUnbroken, "\(place) heard something else than the signal:\n\(report)")
        #expect((report.unbrokenIndices?.count ?? 0) >= StationAudio.frames(inSeconds: atLeastSeconds))
    }
}
