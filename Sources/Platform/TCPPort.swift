internal import Glibc

/// A TCP port of this machine.
public enum TCPPort {
    /// Listens on `port` of `host` for a moment.
    /// - Parameter host: an IPv4 or IPv6 address, or `localhost`.
    /// - Returns: nil when it can be listened on; EADDRINUSE when somebody else does.
    public static func trouble(host: String, port: Int) -> SystemError? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let first = found else {
            return SystemError("find the address \(host)", code: EADDRNOTAVAIL)
        }
        defer { freeaddrinfo(found) }
        let facts = first.pointee
        do throws(SystemError) {
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            let made = FileDescriptor(owning: try retrying("socket") { socket(facts.ai_family, type, 0) })
            // Connections that ended a minute ago do not count.
            var yes: Int32 = 1
            setsockopt(made.number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            try retrying("bind \(host) port \(port)") { bind(made.number, facts.ai_addr, facts.ai_addrlen) }
            try retrying("listen on \(host) port \(port)") { Glibc.listen(made.number, 1) }
            return nil
        } catch { return error }
    }
}
