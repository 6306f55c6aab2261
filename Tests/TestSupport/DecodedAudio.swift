import Domain
import FoundationEssentials
import Glibc
public import Platform

/// Sound as raw PCM in a file: 44.1 kHz, stereo, s16le, interleaved. It is mapped and not read, so that hours of it
/// take no memory.
public final class DecodedAudio: Sendable {
    public let path: String
    /// Frames in it; half a frame at the end does not count.
    public let frameCount: Int
    /// What the decoder complained of; empty where all was well.
    public let complaints: String
    private let file: FileDescriptor
    private nonisolated(unsafe) let mapping: UnsafeMutableRawPointer?

    public var seconds: Double { StationAudio.seconds(ofFrames: frameCount) }

    /// Maps a file of raw PCM, which must not shrink while this object lives.
    public init(pcmFile path: String, complaints: String = "") throws(SystemError) {
        self.path = path
        self.complaints = complaints
        file = try FileDescriptor.open(path, O_RDONLY)
        let size = Int(lseek(file.number, 0, SEEK_END))
        frameCount = size / StationAudio.bytesPerFrame
        let bytes = frameCount * StationAudio.bytesPerFrame
        let mapped = bytes == 0 ? nil : mmap(nil, bytes, PROT_READ, MAP_PRIVATE, file.number, 0)
        if mapped == MAP_FAILED { throw SystemError("mmap \(path)") }
        mapping = mapped
    }

    deinit {
        if let mapping { munmap(mapping, frameCount * StationAudio.bytesPerFrame) }
    }

    /// Hands out the interleaved samples; the pointer is valid only inside `body`.
    public func withSamples<Result>(_ body: (UnsafeBufferPointer<Int16>) throws -> Result) rethrows -> Result {
        let samples = mapping?.bindMemory(to: Int16.self, capacity: frameCount * 2)
        return try body(UnsafeBufferPointer(start: samples, count: samples == nil ? 0 : frameCount * 2))
    }
}

/// Decodes the sound of any file that ffmpeg reads (FLV, MP4, WAV, ...), also of one that still grows or was cut off:
/// then what there is of it. Time stamps are not looked at: see `FLVTimeline` for those.
/// - Parameter output: where the PCM goes; kept by the caller.
public func decodePCM(_ input: String, to output: String, timeoutSeconds: Double = 120) throws -> DecodedAudio {
    let run = try TestTool.run(
        "ffmpeg",
        [
            "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-i", input, "-map", "0:a:0", "-ac", "2", "-ar",
            "\(StationAudio.framesPerSecond)", "-f", "s16le", output,
        ], timeoutSeconds: timeoutSeconds)
    guard FileManager.default.fileExists(atPath: output) else {
        throw TestToolFailure(tool: "ffmpeg", trouble: "made no sound of \(input) (\(run.exit)): \(run.errors)")
    }
    return try DecodedAudio(pcmFile: output, complaints: run.errors)
}

/// Encodes `samples` with ffmpeg's AAC-LC encoder, as the station does: for tests of what survives it.
/// - Parameter output: its name tells the container: `.flv`, `.mp4`, `.m4a`.
public func encodeAAC(_ samples: [Int16], kilobits: Int, to output: String) throws {
    try withTemporaryDirectory { directory in
        let pcm = try FileDescriptor.open("\(directory)/in.pcm", O_WRONLY | O_CREAT)
        try pcm.write(all: NumberedTrack.pcmBytes(samples))
        let run = try TestTool.run(
            "ffmpeg",
            [
                "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-f", "s16le", "-ar",
                "\(StationAudio.framesPerSecond)", "-ac", "2", "-i", "\(directory)/in.pcm", "-c:a", "aac", "-b:a",
                "\(kilobits)k", output,
            ])
        guard run.exit == .code(0) else {
            throw TestToolFailure(tool: "ffmpeg", trouble: "did not encode (\(run.exit)): \(run.errors)")
        }
    }
}
