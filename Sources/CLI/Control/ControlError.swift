internal import Domain
internal import Glibc
internal import IPC
internal import Platform

/// Why the station could not be asked.
enum ControlError: Error, CustomStringConvertible {
    case notRunning(socket: String)
    case forbidden(socket: String)
    /// It is there and stands still.
    case silent
    case otherVersion(method: String)
    case refused(String)
    case lost(String)

    init(_ error: SystemError, socket: String) {
        switch error.code {
        case ENOENT, ECONNREFUSED: self = .notRunning(socket: socket)
        case EACCES, EPERM: self = .forbidden(socket: socket)
        case ETIMEDOUT: self = .silent
        default: self = .lost(error.description)
        }
    }

    init(_ error: WireError) {
        switch error {
        case .timedOut: self = .silent
        case .refused(Message.Code.unknownMethod, let words): self = .otherVersion(method: words)
        case .refused(_, let words): self = .refused(words)
        case .system(let error) where error.code == EAGAIN: self = .silent
        default: self = .lost(error.description)
        }
    }

    var status: ExitStatus {
        switch self {
        case .notRunning, .silent, .lost: .unavailable
        case .forbidden, .otherVersion, .refused: .failed
        }
    }

    var description: String {
        switch self {
        case .notRunning(let socket):
            "no station answers on \(socket); start one with `lofisup run`, or name its place with --root"
        case .forbidden(let socket): "\(socket) may be used by its owner and group alone; try as that user"
        case .silent: "the supervisor does not answer; see `systemctl status lofisup`"
        case .otherVersion(let words):
            "the station that runs is of another version than this command (\(words));"
                + " `systemctl restart lofisup` puts this one in its place, unheard"
        case .refused(let words): words
        case .lost(let words): "the supervisor went away: \(words)"
        }
    }
}
