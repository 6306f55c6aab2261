internal import Domain
internal import Glibc
internal import Platform

/// The tools that measure and convert, and what this machine's build of them can do.
public struct FFmpeg: Sendable {
    let ffmpeg: Tool
    let ffprobe: Tool
    private let checksum: Checksum
    /// The build has libsoxr, the better resampler.
    public let hasSoxr: Bool
    /// The build has chromaprint: near-duplicates can be told.
    public let hasChromaprint: Bool

    /// Finds the tools and asks the build what it has. Takes a fraction of a second; do it once.
    /// - Parameter searchPath: directories between colons, as in PATH.
    /// - Throws: `.tool`.
    public init(searchPath: String) throws(BackendError) {
        do throws(ToolError) {
            ffmpeg = try Tool("ffmpeg", searchPath: searchPath)
            ffprobe = try Tool("ffprobe", searchPath: searchPath, package: "ffmpeg")
            checksum = try Checksum(searchPath: searchPath)
            let build = try ffmpeg.run(["-hide_banner", "-version"], limits: ToolLimits(seconds: 20)).stdoutText
            hasSoxr = build.contains("--enable-libsoxr")
            hasChromaprint = build.contains("--enable-chromaprint")
        } catch { throw .tool(error) }
    }

    init(_ other: FFmpeg, hasSoxr: Bool, hasChromaprint: Bool) {
        ffmpeg = other.ffmpeg
        ffprobe = other.ffprobe
        checksum = other.checksum
        self.hasSoxr = hasSoxr
        self.hasChromaprint = hasChromaprint
    }

    /// What an operator should be told once: what goes without.
    public var notices: [String] {
        var notices: [String] = []
        if !hasChromaprint {
            notices.append("\(ffmpeg.path) is built without chromaprint: near-duplicate tracks are not recognised")
        }
        if !hasSoxr {
            notices.append("\(ffmpeg.path) is built without libsoxr: its own resampler is used instead")
        }
        return notices
    }

    /// Runs one of the tools.
    /// - Throws: `.cancelled`, `.tool`.
    func run(
        _ tool: Tool, _ arguments: [String], input: ToolInput = .nothing, limits: ToolLimits,
        cancellation: Cancellation
    ) throws(BackendError) -> ToolOutput {
        do throws(ToolError) {
            return try tool.run(arguments, input: input, limits: limits, isCancelled: { cancellation.isCancelled })
        } catch { throw Self.told(error) }
    }

    /// SHA-256 of a file.
    /// - Throws: `.file`, `.cancelled`, `.tool`.
    func sha256(ofFile path: String, cancellation: Cancellation) throws(BackendError) -> String {
        let file: FileDescriptor
        do throws(SystemError) {
            file = try FileDescriptor.open(path, O_RDONLY)
        } catch { throw .file(path: path, why: error) }
        do throws(ToolError) {
            return try checksum.sha256(of: .descriptor(file), isCancelled: { cancellation.isCancelled })
        } catch { throw Self.told(error) }
    }

    private static func told(_ error: ToolError) -> BackendError {
        if case .cancelled = error { .cancelled } else { .tool(error) }
    }

    /// A file as ffmpeg's input: never taken for an option or an address, and never leading to anything but files.
    /// - Parameter secondsMax: no more than this is decoded.
    static func input(_ path: String, secondsMax: Double) -> [String] {
        ["-protocol_whitelist", "file", "-t", "\(secondsMax)", "-i", "file:\(path)"]
    }

    /// What comes before every input. A decoding error is an end, not a gap: a damaged track is no track.
    static let quietly = ["-hide_banner", "-nostdin", "-nostats", "-xerror"]

    /// The filters that resample and mix down to the station's rate and channels, in floats.
    var toStationFloats: String {
        "\(resample(toHertz: StationAudio.framesPerSecond)),\(Self.stationFormat(samples: "fltp"))"
    }

    /// The filter that resamples and nothing else.
    func resample(toHertz hertz: Int) -> String {
        "aresample=osr=\(hertz)\(hasSoxr ? ":resampler=soxr:precision=24" : "")"
    }

    /// The filter that insists on the station's rate and channels.
    static func stationFormat(samples: String) -> String {
        "aformat=sample_fmts=\(samples):sample_rates=\(StationAudio.framesPerSecond):channel_layouts=stereo"
    }

    /// Time by counting samples: a damaged or odd file's own stamps would open gaps or cut.
    static let byCount = "asetpts=N/SR/TB"
}
