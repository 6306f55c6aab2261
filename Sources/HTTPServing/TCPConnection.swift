internal import Glibc
internal import Platform

/// A TCP connection this process accepted, and what the kernel knows of it.
struct TCPConnection {
    /// The descriptor's number and the client's address: a number alone is soon somebody else's.
    struct Identity: Hashable {
        let number: Int32
        let peer: [UInt8]
    }

    struct Facts {
        /// Bytes the client sent so far.
        let receivedBytes: UInt64
        /// Bytes the client has confirmed taking.
        let takenBytes: UInt64
        /// Bytes on their way to it.
        let waitingBytes: UInt64
    }

    let identity: Identity
    /// A descriptor of our own, so that the connection cannot become another one in our hands.
    private let held: FileDescriptor

    /// All there are on `port` now.
    static func accepted(onPort port: Int) -> [TCPConnection] {
        openDescriptors().compactMap { number in
            // Looked at before it is held: most descriptors are something else.
            guard localPort(number) == port, option(number, SO_ACCEPTCONN) == 0 else { return nil }
            let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else { return nil }
            let held = FileDescriptor(owning: copy)
            guard localPort(copy) == port, option(copy, SO_ACCEPTCONN) == 0, let peer = peer(copy) else { return nil }
            return TCPConnection(identity: Identity(number: number, peer: peer), held: held)
        }
    }

    /// Nil when the connection has just gone.
    var facts: Facts? {
        // From linux/tcp.h, where struct tcp_info only grows; glibc's copy of it ends before these fields.
        let unacked = 24, bytesAcked = 120, bytesReceived = 128, notSent = 144
        var info = [UInt8](repeating: 0, count: 256)
        var length = socklen_t(info.count)
        guard getsockopt(held.number, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0, length >= notSent + 4 else {
            return nil
        }
        return info.withUnsafeBytes {
            Facts(
                receivedBytes: $0.loadUnaligned(fromByteOffset: bytesReceived, as: UInt64.self),
                takenBytes: $0.loadUnaligned(fromByteOffset: bytesAcked, as: UInt64.self),
                waitingBytes: UInt64($0.loadUnaligned(fromByteOffset: notSent, as: UInt32.self))
                    + UInt64($0.loadUnaligned(fromByteOffset: unacked, as: UInt32.self)))
        }
    }

    /// Ends it in both directions; its owner then reads the end of the stream.
    /// - Parameter dropping: forgets what it has not taken, which the kernel would otherwise offer it for minutes.
    func shut(dropping: Bool) {
        if dropping {
            var atOnce = linger(l_onoff: 1, l_linger: 0)
            setsockopt(held.number, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout<linger>.size))
        }
        _ = shutdown(held.number, Int32(SHUT_RDWR))
    }

    private static func openDescriptors() -> [Int32] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var numbers: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = Int32(name), number != dirfd(directory) { numbers.append(number) }
        }
        return numbers
    }

    private static func localPort(_ number: Int32) -> Int? {
        guard let address = address(getsockname, number) else { return nil }
        let family = address.withUnsafeBytes { $0.load(as: sa_family_t.self) }
        guard family == sa_family_t(AF_INET) || family == sa_family_t(AF_INET6) else { return nil }
        // The port lies at the same place in both kinds, in network order.
        return Int(address[2]) << 8 | Int(address[3])
    }

    private static func peer(_ number: Int32) -> [UInt8]? { address(getpeername, number) }

    private static func address(
        _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32, _ number: Int32
    ) -> [UInt8]? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            let result = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(number, $0, &length) }
            guard result == 0, length >= 4 else { return nil }
            return Array(UnsafeRawBufferPointer(start: pointer, count: Int(length)))
        }
    }

    private static func option(_ number: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(number, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }
}
