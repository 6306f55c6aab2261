/// What keeps a render server from starting.
public enum RenderServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another one works in the same directory.
    case directoryTaken(String)

    public var description: String {
        switch self {
        case .directoryTaken(let directory):
            "\(directory): another render server works here; give this one a [render_server] directory of its own"
        }
    }
}
