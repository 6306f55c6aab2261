import Domain
import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

/// The instruments together, as the station's own tests use them: tracks, ffmpeg, a real server, its recording.
@Suite(
    .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)), .timeLimit(.minutes(2)))
struct WholeWayTests {
    @Test func `two tracks with three seconds between them arrive over RTMP to the frame`() throws {
        try withRTMPServer { server in
            let directory = server.directory
            try NumberedTrack.write(100_000..<276_400, to: "\(directory)/one.wav")
            try NumberedTrack.write(276_400..<452_800, to: "\(directory)/two.wav")
            let run = try TestTool.run(
                "ffmpeg",
                [
                    "-nostdin", "-loglevel", "error", "-i", "one.wav", "-f", "lavfi", "-t", "3", "-i",
                    "anullsrc=r=44100:cl=stereo", "-i", "two.wav", "-filter_complex",
                    "[0:a][1:a][2:a]concat=n=3:v=0:a=1[out]", "-map", "[out]", "-c:a", "aac", "-b:a", "160k", "-f",
                    "flv",
                    server.url(key: "whole"),
                ], directory: directory)
            #expect(run.exit == .code(0), "\(run.errors)")
            try eventually(within: 15, "the recording is closed") { !server.isPublishing(key: "whole") }
            let recording = try #require(server.recordings(key: "whole").first)
            #expect(try FLVTimeline.read(recording).audioJumps().isEmpty)
            let report = FarEnd.analyse(try decodePCM(recording, to: "\(directory)/heard.pcm"))
            let gap = try #require(report.breaks.first, "\(report)")
            #expect(report.breaks.count == 1 && gap.shift == -132_300, "\(report)")
            #expect(abs(gap.silentFrames - 132_300) <= 24 && gap.unknownFrames == 0, "\(report)")
            #expect(report.runs.first.map { $0.indices.lowerBound <= 100_064 } == true, "\(report)")
            #expect(report.runs.last.map { $0.indices.upperBound > 452_000 } == true, "\(report)")
        }
    }
}
