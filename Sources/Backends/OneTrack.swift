public import Domain
internal import Glibc
internal import Platform

/// One track now: rendered, admitted and written to a file of the user's choice. The body of `lofisup generate`.
public struct OneTrack: Sendable {
    /// What is being done, for a progress line.
    public enum Phase: String, Sendable {
        case preparing, composing, checking, writing, done
    }

    /// What was made.
    public struct Made: Sendable, Hashable {
        public var file: String
        public var title: String
        /// Complete; its checksum and loudness are those of the canonical WAV, before `file`'s own codec.
        public var provenance: Provenance
        public var measurements: Measurements
    }

    private let backend: any MusicBackend
    private let ffmpeg: FFmpeg
    private let rules: AdmissionRules

    public init(backend: any MusicBackend, ffmpeg: FFmpeg, rules: AdmissionRules = AdmissionRules()) {
        self.backend = backend
        self.ffmpeg = ffmpeg
        self.rules = rules
    }

    /// Extensions that `make` writes.
    public static var extensions: [String] { OutputFormat.allCases.map(\.rawValue) }

    /// Makes the track and writes it to `file`, in the format that its extension names. The file appears whole or
    /// not at all; what is made on the way is removed in any case.
    /// - Parameters:
    ///   - temporaryDirectory: where a directory of its own is made for what comes on the way: about 50 MB a minute.
    ///   - overwrite: an existing `file` is an error otherwise.
    ///   - progress: 0...1 over all, growing.
    /// - Throws: `.exists`, `.unknownExtension`, `.file` before anything is rendered where that can be told.
    public func make(
        _ request: TrackRequest, file: String, overwrite: Bool = false, temporaryDirectory: String,
        cancellation: Cancellation, progress: @Sendable (Double, Phase) -> Void
    ) throws -> Made {
        let format = try OutputFormat(of: file)
        if !overwrite, access(file, F_OK) == 0 { throw BackendError.exists(path: file) }
        try Self.checkWritable(directoryOf: file)
        return try Self.withDirectory(in: temporaryDirectory) { directory in
            progress(0, .preparing)
            try backend.prepare(cancellation: cancellation)
            let rendered = try backend.generate(request, into: directory, cancellation: cancellation) {
                progress(0.02 + 0.83 * min(max($0, 0), 1), .composing)
            }
            progress(0.85, .checking)
            let admitted = try Admission(ffmpeg: ffmpeg, rules: rules).admit(
                rendered.file, seconds: request.seconds, to: "\(directory)/admitted.wav", cancellation: cancellation
            ) { progress(0.85 + 0.1 * $0, .checking) }
            progress(0.95, .writing)
            try write(
                admitted.file, as: format, title: rendered.title, to: file, overwrite: overwrite,
                cancellation: cancellation)
            progress(1, .done)
            return Made(
                file: file, title: rendered.title, provenance: admitted.complete(rendered.provenance),
                measurements: admitted.measurements)
        }
    }

    /// Encodes beside `file` and puts the whole thing into place.
    private func write(
        _ canonical: String, as format: OutputFormat, title: String, to file: String, overwrite: Bool,
        cancellation: Cancellation
    ) throws {
        let (directory, name) = Self.parts(of: file)
        let partial = "\(directory)/.\(name).\(getpid()).part"
        defer { unlink(partial) }
        let tags = ["-map_metadata", "-1", "-metadata", "title=\(title)"]
        do throws(BackendError) {
            _ = try ffmpeg.run(
                ffmpeg.ffmpeg,
                FFmpeg.quietly + ["-y", "-i", "file:\(canonical)"] + format.arguments + tags + ["file:\(partial)"],
                limits: ToolLimits(seconds: 600), cancellation: cancellation)
        } catch {
            guard case .tool(let why) = error else { throw error }
            throw BackendError.notWritten(path: file, why: why)
        }
        if overwrite {
            try Self.check(rename(partial, file), file, "write")
        } else if link(partial, file) != 0 {
            // A hard link never replaces what appeared meanwhile; where there are none, look and rename.
            if errno == EEXIST || access(file, F_OK) == 0 { throw BackendError.exists(path: file) }
            try Self.check(rename(partial, file), file, "write")
        }
    }

    private static func checkWritable(directoryOf file: String) throws {
        let (directory, _) = parts(of: file)
        try check(access(directory, W_OK | X_OK), file, "write into \(directory)")
    }

    private static func check(_ result: Int32, _ file: String, _ operation: String) throws {
        if result != 0 { throw BackendError.file(path: file, why: SystemError(operation)) }
    }

    private static func parts(of file: String) -> (directory: String, name: String) {
        guard let slash = file.lastIndex(of: "/") else { return (".", file) }
        return (slash == file.startIndex ? "/" : String(file[..<slash]), String(file[file.index(after: slash)...]))
    }

    /// A directory for the length of `body`, removed with its files afterwards.
    private static func withDirectory<Result>(in parent: String, _ body: (String) throws -> Result) throws -> Result {
        let template = "\(parent)/lofisup-XXXXXX"
        var bytes = template.utf8CString
        let made = bytes.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
        try check(made ? 0 : -1, template, "make a temporary directory")
        let directory = String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? Files.removeTree(directory) }
        return try body(directory)
    }
}
