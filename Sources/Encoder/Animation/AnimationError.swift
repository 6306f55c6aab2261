internal import FoundationEssentials
internal import Glibc
public import Platform

/// Why there is no looping picture. Each names the operator's file, or the tool, and what to do about it.
public enum AnimationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No file of that name.
    case missing(file: String)
    /// The file is there but may not be read.
    case unreadable(file: String, reason: String)
    /// A directory, a device or a pipe.
    case notAFile(file: String)
    /// Nothing in it.
    case empty(file: String)
    /// Neither a picture nor a film that ffmpeg knows.
    case notAPicture(file: String, reason: String)
    /// Sound without pictures; cover art does not count.
    case audioOnly(file: String)
    /// A film without a single frame that can be shown.
    case noFrames(file: String)
    /// A film or picture that is damaged: shown for months it would show its damage for months.
    case corrupt(file: String, reason: String)
    case tooLong(file: String, seconds: Double, secondsMax: Double)
    /// More bytes or more pixels than the station will prepare.
    case tooLarge(file: String, reason: String)
    /// The picture's size, rate or bitrate cannot be made.
    case badFormat(String)
    /// ffmpeg, ffprobe or sha256sum could not be run, or failed.
    case tool(ToolError)
    /// The tool ended well but what it wrote is not what the ingest needs.
    case wrongResult(String)
    /// The cache directory could not be written.
    case cache(directory: String, reason: String)
    /// The disk of the cache directory is full.
    case noRoom(directory: String)
    /// `isCancelled` said so.
    case cancelled

    init(_ error: ToolError) {
        self = if case .cancelled = error { .cancelled } else { .tool(error) }
    }

    /// Sorts what stopped work in the cache's `directory`.
    init(_ error: any Error, in directory: String) {
        self =
            switch error {
            case let error as AnimationError: error
            case let error where Self.isDiskFull(error): .noRoom(directory: directory)
            case let error as ToolError: AnimationError(error)
            default: .cache(directory: directory, reason: "\(error)")
            }
    }

    private static func isDiskFull(_ error: any Error) -> Bool {
        switch error {
        case let error as SystemError: error.isDiskFull
        case let error as CocoaError: error.code == .fileWriteOutOfSpace
        case ToolError.couldNotRun(_, let why): why.isDiskFull
        // ffmpeg says it in words, and ends with nothing that tells it from a bad picture.
        case ToolError.failed(_, _, _, let lines):
            [ENOSPC, EDQUOT].contains { code in lines.contains { $0.contains(String(cString: strerror(code))) } }
        default: false
        }
    }

    public var description: String {
        switch self {
        case .missing(let file):
            "the animation \(file) does not exist; name another file, or none for the built-in scene"
        case .unreadable(let file, let reason):
            "the animation \(file) cannot be read (\(reason)); give the station's user read access"
        case .notAFile(let file): "the animation \(file) is not a regular file; name a film or a picture"
        case .empty(let file): "the animation \(file) is empty; copy it again"
        case .notAPicture(let file, let reason):
            "the animation \(file) is neither a film nor a picture (\(reason)); use mp4, mov, webm, mkv, gif, apng, png or jpg"
        case .audioOnly(let file): "the animation \(file) has sound but no picture; use a film or a still"
        case .noFrames(let file): "the animation \(file) has no frame that can be shown; export it again"
        case .corrupt(let file, let reason): "the animation \(file) is damaged (\(reason)); export or copy it again"
        case .tooLong(let file, let seconds, let max):
            "the animation \(file) lasts \(Int(seconds.rounded(.up))) s, and at most \(Int(max)) s are kept; cut it, 8 s are enough"
        case .tooLarge(let file, let reason): "the animation \(file) is too large (\(reason)); export it smaller"
        case .badFormat(let figure): "the picture cannot be \(figure)"
        case .tool(let error): error.description
        case .wrongResult(let what): "the prepared animation is not fit to be sent: \(what)"
        case .cache(let directory, let reason): "the animation cache \(directory) cannot be used: \(reason)"
        case .noRoom(let directory): "disk full: the picture cannot be prepared in \(directory); free some space"
        case .cancelled: "preparing the animation was cancelled"
        }
    }
}
