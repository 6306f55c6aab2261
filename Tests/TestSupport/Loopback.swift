import Glibc
public import Platform

/// What tests need of the machine's own network: nothing here leaves it.
public enum Loopback {
    /// A TCP port of 127.0.0.1 that was free a moment ago. Another process can take it before its user does, so
    /// whoever starts a server on it tries again with another.
    public static func freePort() throws(SystemError) -> Int {
        let socket = try tcpSocket()
        var address = ipv4(port: 0)
        try withSocketAddress(&address) { pointer, size throws(SystemError) in
            try retrying("bind 127.0.0.1:0") { bind(socket.number, pointer, size) }
        }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withSocketAddress(&address) { pointer, _ throws(SystemError) in
            try retrying("getsockname") { getsockname(socket.number, pointer, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// True when something accepts connections on `port`.
    public static func accepts(port: Int) -> Bool { (try? connect(port: port, timeoutSeconds: 1)) != nil }

    /// The body of a plain HTTP GET; nil when there is no whole answer in time.
    public static func get(port: Int, path: String, timeoutSeconds: Int = 1) -> String? {
        guard let socket = try? connect(port: port, timeoutSeconds: timeoutSeconds) else { return nil }
        let request = "GET \(path) HTTP/1.0\r\nHost: localhost\r\n\r\n"
        guard (try? socket.write(all: Array(request.utf8))) != nil else { return nil }
        var answer: [UInt8] = []
        while answer.count < 4 << 20 {
            guard let more = try? socket.read(upTo: 65_536) else { return nil }
            if more.isEmpty { break }
            answer += more
        }
        let text = String(decoding: answer, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        return String(text[end.upperBound...])
    }

    private static func connect(port: Int, timeoutSeconds: Int) throws(SystemError) -> FileDescriptor {
        let socket = try tcpSocket()
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            let size = socklen_t(MemoryLayout<timeval>.size)
            try retrying("setsockopt") { setsockopt(socket.number, SOL_SOCKET, option, &limit, size) }
        }
        var address = ipv4(port: port)
        try withSocketAddress(&address) { pointer, size throws(SystemError) in
            try retrying("connect 127.0.0.1:\(port)") { Glibc.connect(socket.number, pointer, size) }
        }
        return socket
    }

    private static func tcpSocket() throws(SystemError) -> FileDescriptor {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        return FileDescriptor(owning: try retrying("socket") { socket(AF_INET, type, 0) })
    }

    private static func ipv4(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func withSocketAddress(
        _ address: inout sockaddr_in,
        _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
    ) throws(SystemError) {
        // withUnsafe... rethrows untyped, so the error travels beside it.
        let failure = withUnsafeMutablePointer(to: &address) { pointer -> SystemError? in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound -> SystemError? in
                do throws(SystemError) {
                    try body(rebound, socklen_t(MemoryLayout<sockaddr_in>.size))
                } catch { return error }
                return nil
            }
        }
        if let failure { throw failure }
    }
}
