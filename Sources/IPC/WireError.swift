public import Platform

/// What can go wrong between two processes of the station.
public enum WireError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The bytes are not the JSON this protocol speaks; the payload says why.
    case malformed(String)
    /// A frame is longer than the protocol allows.
    case oversized(limitBytes: Int)
    /// The peer has gone.
    case closed
    /// No answer in time.
    case timedOut(method: String, seconds: Double)
    /// The peer answered with an error.
    case refused(code: Int, message: String)
    /// The operating system said no.
    case system(SystemError)

    public var description: String {
        switch self {
        case .malformed(let reason): "malformed message: \(reason)"
        case .oversized(let limit): "message longer than \(limit) bytes"
        case .closed: "the other side has closed the connection"
        case .timedOut(let method, let seconds): "no answer to \(method) in \(seconds) s"
        case .refused(_, let message): message
        case .system(let error): error.description
        }
    }
}
