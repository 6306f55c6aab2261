/// What can keep a server from serving.
public enum ListenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another program listens there already.
    case portOccupied(host: String, port: Int)
    /// The host is no address of this machine, or no address at all.
    case hostNotUsable(host: String, port: Int, reason: String)
    /// A port outside 0...65535.
    case portOutOfRange(Int)
    /// The listening socket failed while it served.
    case stoppedListening(host: String, port: Int, reason: String)

    public var description: String {
        switch self {
        case .portOccupied(let host, let port):
            """
            cannot listen on \(host):\(port): another program has that port. Stop it (find it with \
            `ss -ltnp 'sport = :\(port)'`) or give this server another port
            """
        case .hostNotUsable(let host, let port, let reason):
            """
            cannot listen on \(host):\(port): \(reason). Give it a numeric address of this machine, \
            such as 127.0.0.1
            """
        case .portOutOfRange(let port):
            "cannot listen on port \(port): a port is 0...65535, 0 for any free one"
        case .stoppedListening(let host, let port, let reason):
            "stopped listening on \(host):\(port): \(reason)"
        }
    }
}
