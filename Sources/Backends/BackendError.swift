public import Platform

/// What can go wrong between a prompt and a file that may enter the Buffer.
public enum BackendError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The configuration names a backend that this build does not have.
    case unknownBackend(name: String, known: [String])
    /// The configuration names no backend at all.
    case noBackends(known: [String])
    /// Every backend of the chain failed or rests after a failure; `retryInSeconds` is when the first one is tried again.
    case nonePlays(reports: [BackendReport], retryInSeconds: Double)
    case cancelled
    /// A backend, or what it runs on, failed; `why` is a sentence for the operator.
    case failed(backend: String, why: String)
    case plugin(backend: String, PluginFault)
    /// One request of a batch failed; the backend goes on with the others.
    case requestFailed(backend: String, why: String)
    /// Weights, packages or a key are missing; `why` says what to do.
    case notInstalled(backend: String, why: String)
    /// The station is monetised, and the backend's licence forbids that.
    case nonCommercial(backend: String, licence: String)
    /// A backend returned and had not told of every request: a defect of it.
    case unreported(backend: String, missing: Int)
    /// The track may not enter the Buffer.
    case refused(Refusal)
    case tool(ToolError)
    case file(path: String, why: SystemError)
    /// ffmpeg and this program disagree on what was written: a defect of one of them, not of the track.
    case unexpectedOutput(path: String, why: String)
    /// The file that was asked for could not be made; `path` names it, the tool's arguments do not.
    case notWritten(path: String, why: ToolError)
    /// `generate --out FILE` would overwrite.
    case exists(path: String)
    case unknownExtension(path: String, known: [String])

    public var description: String {
        switch self {
        case .unknownBackend(let name, let known):
            "there is no backend named '\(name)'; known: \(known.joined(separator: ", "))"
        case .noBackends(let known):
            "no backend is configured: name at least one of \(known.joined(separator: ", "))"
        case .nonePlays(let reports, let retryInSeconds):
            "no backend can compose now: \(reports.map(\.description).joined(separator: "; ")), "
                + "trying again in \(Int(retryInSeconds.rounded(.up))) s"
        case .cancelled: "stopped on request"
        case .failed(let backend, let why), .requestFailed(let backend, let why), .notInstalled(let backend, let why):
            "\(backend): \(why)"
        case .plugin(let backend, let fault): "\(backend): \(fault)"
        case .nonCommercial(let backend, let licence):
            "\(backend): its licence (\(licence)) forbids a monetised channel: remove it from [generator] backends, or "
                + "set [station] monetised = false if the channel earns nothing"
        case .unreported(let backend, let missing):
            "\(backend): it came back without a word about \(missing) of its tracks"
        case .refused(let refusal): "the track was refused: \(refusal)"
        case .tool(let error): error.description
        case .file(let path, let why): "\(path): \(why)"
        case .unexpectedOutput(let path, let why): "\(path): \(why)"
        case .notWritten(let path, let why): "\(path) could not be written: \(why)"
        case .exists(let path): "\(path) exists: choose another name, or overwrite it with --force"
        case .unknownExtension(let path, let known):
            "\(path): the name must end in one of .\(known.joined(separator: ", ."))"
        }
    }
}

/// Why one backend of a chain did not compose.
public struct BackendReport: Sendable, Hashable, CustomStringConvertible {
    public var backend: String
    public var why: String

    public init(backend: String, why: String) {
        self.backend = backend
        self.why = why
    }

    public var description: String { "\(backend): \(why)" }
}
