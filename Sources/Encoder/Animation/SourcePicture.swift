internal import FoundationEssentials
internal import Platform

/// What ffprobe found in the operator's file, after decoding every frame of it.
struct SourcePicture: Equatable {
    var codec: String
    /// Which of the file's picture streams it is, from 0.
    var ordinal: Int
    /// Pixels as coded: before the rotation, and not necessarily square.
    var width: Int
    var height: Int
    /// Width of one pixel over its height.
    var pixelAspect: Double
    /// Clockwise quarter turns that make it upright: 0 to 3.
    var quarterTurns: Int
    var hasAlpha: Bool
    var isInterlaced: Bool
    /// Film for bright screens (PQ or HLG), which would look grey if only copied.
    var isHighDynamicRange: Bool
    /// The colour matrix when the file says none: tall films are bt709, small ones and pictures are not told.
    var matrixIsUnknown: Bool
    var frames: Int
    /// From the first frame's beginning to the last one's end; 0 for a still.
    var seconds: Double

    var isStill: Bool { frames == 1 }

    /// Width over height as it should be seen.
    var displayAspect: Double {
        let upright = Double(width) * pixelAspect / Double(height)
        return quarterTurns % 2 == 0 ? upright : 1 / upright
    }

    static let secondsMax = 120.0
    static let pixelsMax = 120_000_000
}

/// ffprobe's answer, as much of it as is asked for.
struct ProbeAnswer: Decodable {
    struct Frame: Decodable {
        var ptsTime: String?
        var pktDtsTime: String?
        var pktDurationTime: String?
        var durationTime: String?
        var sideDataList: [SideData]?
    }
    struct SideData: Decodable {
        var sideDataType: String?
        var rotation: Double?
    }
    struct Stream: Decodable {
        var codecType: String?
        var codecName: String?
        var width: Int?
        var height: Int?
        var pixFmt: String?
        var sampleAspectRatio: String?
        var fieldOrder: String?
        var colorTransfer: String?
        var colorSpace: String?
        var disposition: [String: Int]?
        var tags: [String: String]?
        var sideDataList: [SideData]?
    }
    struct Format: Decodable {
        var duration: String?
    }
    var frames: [Frame]?
    var streams: [Stream]?
    var format: Format?
}

/// Looks at the operator's file and refuses what cannot be shown.
struct SourceProbe {
    let file: OperatorFile
    let ffprobe: Tool

    func look(isCancelled: () -> Bool) throws -> SourcePicture {
        let outline = try ask(["-show_entries", Self.outlineEntries], isCancelled: isCancelled)
        guard let answer = outline.answer, let streams = answer.streams, !streams.isEmpty else {
            throw refusal(of: outline.complaints)
        }
        let index = streams.firstIndex { $0.codecType == "video" && $0.disposition?["attached_pic"] != 1 }
        guard let index else {
            if streams.contains(where: { $0.codecType == "audio" }) { throw AnimationError.audioOnly(file: file.name) }
            throw AnimationError.notAPicture(file: file.name, reason: "it has no picture stream")
        }
        let stream = streams[index]
        let told = answer.format?.duration.flatMap(Double.init) ?? 0
        if told > SourcePicture.secondsMax + 0.5 {
            throw AnimationError.tooLong(file: file.name, seconds: told, secondsMax: SourcePicture.secondsMax)
        }
        if let width = stream.width, let height = stream.height, width * height > SourcePicture.pixelsMax {
            throw AnimationError.tooLarge(file: file.name, reason: "\(width)x\(height) pixels")
        }
        let ordinal = streams[..<index].count { $0.codecType == "video" }
        let decoded = try ask(
            ["-select_streams", "v:\(ordinal)", "-read_intervals", "%+\(Int(SourcePicture.secondsMax) + 5)"]
                + ["-show_entries", Self.frameEntries], isCancelled: isCancelled)
        if let damage = file.damage(in: decoded.complaints) { throw damage }
        guard let frames = decoded.answer?.frames else { throw refusal(of: decoded.complaints) }
        return try picture(of: stream, ordinal: ordinal, frames: frames)
    }

    private static let outlineEntries =
        "format=duration:stream=codec_type,codec_name,width,height,pix_fmt,sample_aspect_ratio,field_order,"
        + "color_transfer,color_space:stream_disposition=attached_pic:stream_tags=alpha_mode:stream_side_data=rotation"
    private static let frameEntries =
        "frame=pts_time,pkt_dts_time,pkt_duration_time,duration_time:frame_side_data=side_data_type,rotation"

    /// What ffprobe answers, nil when it cannot, and what it complained of.
    private func ask(
        _ question: [String], isCancelled: () -> Bool
    ) throws(ToolError) -> (answer: ProbeAnswer?, complaints: [String]) {
        do throws(ToolError) {
            // Two minutes of frames are a few MiB of answer.
            let said = try ffprobe.run(
                ["-v", "error"] + OperatorFile.inputArguments + question + ["-of", "json", OperatorFile.inputURL],
                input: file.input, limits: ToolLimits(seconds: 600, stdoutBytesMax: 64 << 20), isCancelled: isCancelled)
            return (try? StationJSON.decode(ProbeAnswer.self, from: Data(said.stdout)), said.stderrLines)
        } catch {
            guard case .failed(_, _, .code(1), let lines) = error else { throw error }
            return (nil, lines)
        }
    }

    private func picture(
        of stream: ProbeAnswer.Stream, ordinal: Int, frames: [ProbeAnswer.Frame]
    ) throws -> SourcePicture {
        guard !frames.isEmpty, let width = stream.width, let height = stream.height, width > 0, height > 0 else {
            throw AnimationError.noFrames(file: file.name)
        }
        let seconds = Self.seconds(of: frames)
        if seconds > SourcePicture.secondsMax + 0.5 {
            throw AnimationError.tooLong(file: file.name, seconds: seconds, secondsMax: SourcePicture.secondsMax)
        }
        let sideData = (stream.sideDataList ?? []) + (frames[0].sideDataList ?? [])
        let format = stream.pixFmt ?? ""
        let alphaFormats = ["rgba", "bgra", "argb", "abgr", "gbrap", "yuva", "ya8", "ya16", "pal8"]
        return SourcePicture(
            codec: stream.codecName ?? "", ordinal: ordinal, width: width, height: height,
            pixelAspect: Self.ratio(stream.sampleAspectRatio),
            quarterTurns: Self.quarterTurns(degrees: sideData.compactMap(\.rotation).first ?? 0),
            hasAlpha: stream.tags?["alpha_mode"] == "1" || alphaFormats.contains { format.hasPrefix($0) },
            isInterlaced: ["tt", "bb", "tb", "bt"].contains(stream.fieldOrder ?? ""),
            isHighDynamicRange: ["smpte2084", "arib-std-b67"].contains(stream.colorTransfer ?? ""),
            matrixIsUnknown: format.hasPrefix("yuv") && (stream.colorSpace ?? "unknown") == "unknown",
            frames: frames.count, seconds: frames.count == 1 ? 0 : seconds)
    }

    /// Presentation from the first frame to the end of the last; the mean gap stands in for a last duration nobody told.
    static func seconds(of frames: [ProbeAnswer.Frame]) -> Double {
        let times = frames.compactMap { ($0.ptsTime ?? $0.pktDtsTime).flatMap(Double.init) }
        guard let first = times.min(), let last = times.max(), times.count > 1 else { return 0 }
        let told = frames.last.flatMap { ($0.durationTime ?? $0.pktDurationTime).flatMap(Double.init) } ?? 0
        return last - first + (told > 0 ? told : (last - first) / Double(times.count - 1))
    }

    static func ratio(_ text: String?) -> Double {
        let parts = (text ?? "").split(separator: ":").compactMap { Double($0) }
        guard parts.count == 2, parts[0] > 0, parts[1] > 0 else { return 1 }
        return min(max(parts[0] / parts[1], 0.05), 20)
    }

    /// ffprobe tells the turn of the camera, counter-clockwise.
    static func quarterTurns(degrees: Double) -> Int {
        guard degrees.isFinite, abs(degrees) < 1e6 else { return 0 }
        let turns = Int((-degrees / 90).rounded())
        return ((turns % 4) + 4) % 4
    }

    private func refusal(of complaints: [String]) -> AnimationError {
        // The one case in which ffmpeg knows the container and still finds nothing in it.
        if complaints.contains(where: { $0.contains("moov atom not found") }) {
            return .corrupt(file: file.name, reason: "its index is missing: the file was not written to its end")
        }
        return .notAPicture(
            file: file.name, reason: complaints.first.map(file.cleaned) ?? "ffprobe finds nothing in it")
    }
}
