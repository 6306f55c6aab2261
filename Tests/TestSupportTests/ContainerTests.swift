import FoundationEssentials
import Platform
import TestSupport
import Testing

@Suite(.enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)), .timeLimit(.minutes(2)))
struct ContainerTests {
    /// Segments of a second and a playlist of the last three.
    private func segment(_ indices: Range<Int>, _ arguments: [String], in directory: String) throws {
        try NumberedTrack.write(indices, to: "\(directory)/in.wav")
        let run = try TestTool.run(
            "ffmpeg",
            ["-nostdin", "-loglevel", "error", "-i", "in.wav", "-c:a", "aac", "-b:a", "160k", "-f", "hls"]
                + ["-hls_time", "1", "-hls_list_size", "3"] + arguments + ["live.m3u8"],
            directory: directory)
        #expect(run.exit == .code(0), "\(run.errors)")
    }

    @Test(arguments: ["fmp4", "mpegts"])
    func `all segments of a live playlist decode without a gap, also those that have left it`(type: String) throws {
        try withTemporaryDirectory { directory in
            let ending = type == "fmp4" ? "m4s" : "ts"
            try segment(
                0..<529_200, ["-hls_segment_type", type, "-hls_segment_filename", "seg%d.\(ending)"], in: directory)
            let list = try String(contentsOf: URL(filePath: "\(directory)/live.m3u8"), encoding: .utf8)
            #expect(!list.contains("seg2.") && list.contains("seg11."))
            let heard = try decodeHLS(directory: directory, playlist: "live.m3u8", to: "\(directory)/heard.pcm")
            let report = FarEnd.analyse(heard)
            let indices = try #require(report.unbrokenIndices, "\(report)")
            #expect(indices.lowerBound <= 1100 && indices.upperBound > 529_000, "\(report)")
        }
    }

    @Test func `a missing segment is a jump`() throws {
        try withTemporaryDirectory { directory in
            try segment(
                0..<352_800, ["-hls_segment_type", "fmp4", "-hls_segment_filename", "seg%d.m4s"], in: directory)
            try FileManager.default.removeItem(atPath: "\(directory)/seg4.m4s")
            let heard = try decodeHLS(directory: directory, playlist: "live.m3u8", to: "\(directory)/heard.pcm")
            let report = FarEnd.analyse(heard)
            let jump = try #require(report.breaks.first, "\(report)")
            #expect((40_000...46_000).contains(jump.shift) && jump.shift % 1024 == 0, "\(report)")
        }
    }

    @Test func `an encoder that starts again is decoded from its own initialisation file`() throws {
        try withTemporaryDirectory { directory in
            for (number, indices) in [0..<88_200, 1_000_000..<1_088_200].enumerated() {
                try segment(
                    indices,
                    [
                        "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init\(number).mp4", "-hls_flags",
                        "append_list", "-hls_list_size", "0", "-hls_segment_filename", "seg\(number)_%d.m4s",
                    ], in: directory)
                try FileManager.default.removeItem(atPath: "\(directory)/in.wav")
            }
            let heard = try decodeHLS(directory: directory, playlist: "live.m3u8", to: "\(directory)/heard.pcm")
            let report = FarEnd.analyse(heard)
            #expect(report.runs.count == 2, "\(report)")
            #expect(report.runs.last?.indices.contains(1_050_000) == true, "\(report)")
        }
    }

    @Test func `the stamps of a whole recording run evenly`() throws {
        try withTemporaryDirectory { directory in
            try encodeAAC(NumberedSignal.frames(0..<220_500), kilobits: 160, to: "\(directory)/a.flv")
            let timeline = try FLVTimeline.read("\(directory)/a.flv")
            #expect((215...218).contains(timeline.audio.count))
            #expect(timeline.audioJumps().isEmpty)
            #expect(timeline.video.isEmpty)
        }
    }

    @Test func `a jump of the stamps is found, forwards and backwards`() throws {
        try withTemporaryDirectory { directory in
            var flv: [UInt8] = Array("FLV".utf8) + [1, 4, 0, 0, 0, 9, 0, 0, 0, 0]
            for stamp in [0, 23, 46, 3070, 3093, 2000, 2023] {
                let bits = UInt32(truncatingIfNeeded: stamp)
                let time = [bits >> 16, bits >> 8, bits, bits >> 24].map { UInt8($0 & 255) }
                flv += [8, 0, 0, 4] + time + [0, 0, 0, 0xaf, 1, 0, 0] + [0, 0, 0, 15]
            }
            // A tag that was cut off counts no more.
            flv += [8, 0, 0, 4, 0, 0]
            try Data(flv).write(to: URL(filePath: "\(directory)/a.flv"))
            let timeline = try FLVTimeline.read("\(directory)/a.flv")
            #expect(timeline.audio == [0, 23, 46, 3070, 3093, 2000, 2023])
            #expect(
                timeline.audioJumps() == [
                    .init(afterMilliseconds: 46, byMilliseconds: 3001),
                    .init(afterMilliseconds: 3093, byMilliseconds: -1116),
                ])
        }
    }

    @Test func `pictures and keyframes are told apart`() throws {
        try withTemporaryDirectory { directory in
            let run = try TestTool.run(
                "ffmpeg",
                [
                    "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=30", "-t", "4",
                    "-c:v",
                    "libx264", "-bf", "0", "-g", "60", "-sc_threshold", "0", "\(directory)/v.flv",
                ])
            #expect(run.exit == .code(0), "\(run.errors)")
            let timeline = try FLVTimeline.read("\(directory)/v.flv")
            #expect(timeline.video.count == 120 && timeline.keyframes == [0, 2000])
            #expect(timeline.videoJumps().isEmpty)
        }
    }
}
