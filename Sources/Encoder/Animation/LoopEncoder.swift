internal import FoundationEssentials
internal import Platform

/// Encodes a loop that can be copied for months, and checks what came out.
struct LoopEncoder {
    let ffmpeg: Tool
    let ffprobe: Tool
    let format: PictureFormat

    /// Part of every cache key: to be changed with anything that changes the pictures or the stream.
    static let recipe = 1

    /// What the prepared file is, as ffprobe tells it.
    struct Facts: Codable, Equatable {
        var frames: Int
        var seconds: Int
        var profile: String
        var level: String
        var kbps: Int
    }

    /// Prepares the operator's film or still.
    func encode(
        _ source: SourcePicture, in file: OperatorFile, plan: LoopPlan, to output: String,
        progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws -> Facts {
        var input = OperatorFile.inputArguments
        if plan.plays > 1 { input += ["-stream_loop", "\(plan.plays - 1)"] }
        // ffmpeg's own decoders drop the alpha of these two.
        if source.hasAlpha, source.codec == "vp9" { input += ["-c:v", "libvpx-vp9"] }
        if source.hasAlpha, source.codec == "vp8" { input += ["-c:v", "libvpx"] }
        input += ["-i", OperatorFile.inputURL, "-map", "0:v:\(source.ordinal)"]
        input += ["-vf", PictureFilter.chain(source: source, plan: plan, format: format)]
        let frames = plan.seconds * format.framesPerSecond
        let complaints: [String]
        do throws(ToolError) {
            let said = try ffmpeg.run(
                Self.opening + input + encoding(frames: frames, output: output), input: file.input,
                limits: ToolLimits(seconds: 7200),
                heard: { piece in
                    if let done = Self.framesDone(in: piece) { progress(min(1, Double(done) / Double(frames))) }
                }, isCancelled: isCancelled)
            complaints = said.stderrLines
        } catch {
            if case .failed(_, _, _, let lines) = error, let damage = file.damage(in: lines) { throw damage }
            throw error
        }
        if let damage = file.damage(in: complaints) { throw damage }
        return try judge(output, seconds: plan.seconds, isCancelled: isCancelled)
    }

    /// Prepares pictures that are drawn here.
    /// - Parameter draw: the picture of frame `n`, as packed 8-bit RGB of `size`.
    func encode(
        size: (width: Int, height: Int), seconds: Int, draw: (Int) -> [UInt8], to output: String,
        progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws -> Facts {
        let frames = seconds * format.framesPerSecond
        let input = [
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "\(size.width)x\(size.height)", "-r",
            "\(format.framesPerSecond)", "-i", "pipe:0", "-vf",
            "scale=\(format.width):\(format.height):flags=lanczos+accurate_rnd+full_chroma_int"
                + ":out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1",
        ]
        var next = 0
        _ = try ffmpeg.run(
            Self.opening + input + encoding(frames: frames, output: output), input: .pieces,
            limits: ToolLimits(seconds: 1800),
            feed: {
                guard next < frames else { return nil }
                defer { next += 1 }
                progress(Double(next) / Double(frames))
                return draw(next)
            }, isCancelled: isCancelled)
        return try judge(output, seconds: seconds, isCancelled: isCancelled)
    }

    // Without -nostdin ffmpeg would take what it finds in the operator's file for keys that were pressed.
    private static let opening = ["-hide_banner", "-nostdin", "-nostats", "-v", "error", "-y", "-progress", "pipe:1"]

    /// What was measured of a 1280x720 loop at 4000 kbit/s: `veryfast` instead of `medium` costs 0.0007 of SSIM and
    /// saves most of the time. `filler` is how broadcasters make x264 constant: where a calm picture needs less than
    /// `videoKbps` (a still needs a quarter), NAL units of padding keep the ingest from warning of a low bitrate. They
    /// survive copying into FLV; `nal-hrd=cbr` padded no better, and added timing messages nobody needs.
    private func encoding(frames: Int, output: String) -> [String] {
        let rate = format.framesPerSecond
        let kbps = format.videoKbps
        return [
            "-an", "-sn", "-dn", "-map_metadata", "-1", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high",
            "-pix_fmt", "yuv420p", "-r", "\(rate)", "-vsync", "cfr", "-g", "\(format.framesPerGroup)", "-keyint_min",
            "\(format.framesPerGroup)", "-sc_threshold", "0", "-bf", "0", "-b:v", "\(kbps)k", "-maxrate", "\(kbps)k",
            "-bufsize", "\(2 * kbps)k", "-x264-params", "force-cfr=1:open-gop=0:filler=1", "-color_primaries", "bt709",
            "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv", "-frames:v", "\(frames)",
            "-video_track_timescale", "\(rate * 1000)", "-movflags", "+faststart", "-f", "mp4", output,
        ]
    }

    /// The last `frame=` of ffmpeg's progress report.
    static func framesDone(in piece: [UInt8]) -> Int? {
        String(decoding: piece, as: UTF8.self).split(separator: "\n").last { $0.hasPrefix("frame=") }
            .flatMap { Int($0.dropFirst(6)) }
    }

    private struct Answer: Decodable {
        struct Stream: Decodable {
            var codecName: String?
            var profile: String?
            var level: Int?
            var pixFmt: String?
            var width: Int?
            var height: Int?
            var hasBFrames: Int?
        }
        struct Packet: Decodable {
            var pts: Int?
            var dts: Int?
            var duration: Int?
            var size: String?
            var flags: String?
        }
        var streams: [Stream]
        var packets: [Packet]
    }

    /// Reads the result back: a loop that is wrong once is wrong every eight seconds, for months.
    private func judge(_ output: String, seconds: Int, isCancelled: () -> Bool) throws -> Facts {
        let entries =
            "stream=codec_name,profile,level,pix_fmt,width,height,has_b_frames:packet=pts,dts,duration,size,flags"
        let told = try ffprobe.run(
            ["-v", "error", "-show_entries", entries, "-of", "json", "file:\(output)"], isCancelled: isCancelled)
        guard let answer = try? StationJSON.decode(Answer.self, from: Data(told.stdout)), answer.streams.count == 1
        else {
            throw AnimationError.wrongResult("ffprobe cannot read it")
        }
        return try facts(of: answer.streams[0], packets: answer.packets, seconds: seconds)
    }

    private func facts(of stream: Answer.Stream, packets: [Answer.Packet], seconds: Int) throws -> Facts {
        func demand(_ holds: Bool, _ what: @autoclosure () -> String) throws(AnimationError) {
            if !holds { throw .wrongResult(what()) }
        }
        let profile = stream.profile ?? ""
        let frames = seconds * format.framesPerSecond
        try demand(stream.codecName == "h264" && profile == "High", "it is \(stream.codecName ?? "") \(profile)")
        try demand(stream.pixFmt == "yuv420p", "its pixels are \(stream.pixFmt ?? "unknown")")
        try demand(stream.width == format.width && stream.height == format.height, "its size is wrong")
        try demand(stream.hasBFrames == 0, "it has B-frames")
        try demand(packets.count == frames, "it has \(packets.count) frames, not \(frames)")
        for (n, packet) in packets.enumerated() {
            let isRight = packet.pts == n * 1000 && packet.dts == n * 1000 && packet.duration == 1000
            try demand(isRight, "frame \(n) is not in its place")
            let isKey = packet.flags?.hasPrefix("K") == true
            try demand(isKey == (n % format.framesPerGroup == 0), "frame \(n) breaks the group of pictures")
        }
        let bytes = packets.compactMap { $0.size.flatMap(Int.init) }.reduce(0, +)
        let level = stream.level ?? 0
        return Facts(
            frames: frames, seconds: seconds, profile: profile, level: "\(level / 10).\(level % 10)",
            kbps: bytes * 8 / 1000 / seconds)
    }
}
