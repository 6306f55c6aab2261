internal import Glibc

extension UnixSocket {
    /// Connects to `path` within a time: a listener whose process stands still takes nobody in once its queue is full,
    /// and whoever comes then would wait for ever. The time is also the longest that one send on the socket takes.
    /// - Throws: as `connect(to:)`; ETIMEDOUT when the time is up.
    public static func connect(to path: String, timeoutSeconds: Double) throws(SystemError) -> FileDescriptor {
        let bytes = Array(path.utf8)
        guard bytes.count <= pathBytesMax else { throw SystemError("socket path \(path)", code: ENAMETOOLONG) }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let made = FileDescriptor(owning: try retrying("socket") { socket(AF_UNIX, type, 0) })
        var limit = timeval(tv_sec: Int(timeoutSeconds), tv_usec: Int(timeoutSeconds * 1e6) % 1_000_000)
        try retrying("set the time limit of a socket") {
            setsockopt(made.number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> Int32 in
                while Glibc.connect(made.number, generic, socklen_t(MemoryLayout<sockaddr_un>.size)) != 0 {
                    if errno != EINTR { return errno }
                }
                return 0
            }
        }
        if code != 0 { throw SystemError("connect to \(path)", code: code == EAGAIN ? ETIMEDOUT : code) }
        return made
    }
}
