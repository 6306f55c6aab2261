internal import CPlatform
internal import Glibc

/// Who is at the other end of a Unix socket, as the kernel tells it.
public struct PeerCredentials: Sendable, Equatable {
    public let uid: UInt32
    public let gid: UInt32
    public let pid: Int32
}

/// Stream sockets in the file system.
public enum UnixSocket {
    /// Bytes a socket path may have, the closing zero not counted (sun_path in unix(7)).
    public static let pathBytesMax = 107

    /// Binds and listens at `path` with file mode `mode`. A socket that nobody answers on any more is replaced; one
    /// that answers is left alone and is an error (EADDRINUSE).
    public static func listen(at path: String, mode: UInt32, backlog: Int32 = 16) throws(SystemError) -> FileDescriptor
    {
        if (try? connect(to: path)) != nil { throw SystemError("listen on \(path)", code: EADDRINUSE) }
        unlink(path)
        let socket = try make()
        // The file may never be more open than wanted, not even for a moment: the kernel gives it the mode of the
        // socket less the umask. What the umask took is given back afterwards.
        try retrying("fchmod for \(path)") { fchmod(socket.number, mode) }
        try withAddress(path) { (address, size) throws(SystemError) in
            try retrying("bind \(path)") { bind(socket.number, address, size) }
        }
        try retrying("chmod \(path)") { chmod(path, mode) }
        try retrying("listen on \(path)") { Glibc.listen(socket.number, backlog) }
        return socket
    }

    /// Connects to `path`.
    public static func connect(to path: String) throws(SystemError) -> FileDescriptor {
        let socket = try make()
        try withAddress(path) { (address, size) throws(SystemError) in
            try retrying("connect to \(path)") { Glibc.connect(socket.number, address, size) }
        }
        return socket
    }

    /// Takes the next waiting connection; blocks unless the listener is non-blocking (EAGAIN then).
    public static func accept(on listener: FileDescriptor) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try retrying("accept") { lofi_accept(listener.number) })
    }

    public static func peer(of socket: FileDescriptor) throws(SystemError) -> PeerCredentials {
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        var pid: Int32 = 0
        let failed = lofi_peer(socket.number, &uid, &gid, &pid)
        if failed != 0 { throw SystemError("SO_PEERCRED", code: failed) }
        return PeerCredentials(uid: uid, gid: gid, pid: pid)
    }

    private static func make() throws(SystemError) -> FileDescriptor {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        return FileDescriptor(owning: try retrying("socket") { socket(AF_UNIX, type, 0) })
    }

    /// `path` as system calls want it.
    static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
    ) throws(SystemError) {
        let bytes = Array(path.utf8)
        guard bytes.count <= pathBytesMax else { throw SystemError("socket path \(path)", code: ENAMETOOLONG) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // withUnsafePointer rethrows untyped, so the error travels beside it.
        let failure: SystemError? = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                do throws(SystemError) {
                    try body(generic, socklen_t(MemoryLayout<sockaddr_un>.size))
                    return nil
                } catch { return error }
            }
        }
        if let failure { throw failure }
    }

    /// A datagram socket without an address; nil when descriptors are short.
    static func datagramSocket() -> FileDescriptor? {
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        return number < 0 ? nil : FileDescriptor(owning: number)
    }

    /// Sends one datagram without waiting for room; false when it was not taken.
    static func sendDatagram(_ bytes: [UInt8], to path: String) -> Bool {
        guard let socket = datagramSocket() else { return false }
        let sent: Void? = try? withAddress(path) { (address, size) throws(SystemError) in
            try retrying("send to \(path)") {
                sendto(socket.number, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), address, size)
            }
        }
        return sent != nil
    }
}
