import Glibc
import Platform
import TestSupport
import Testing

/// A socket that says nothing and keeps what it is told: the near side of a service manager, or of the journal.
final class DatagramListener {
    struct Datagram {
        var text: String
        var descriptors: [FileDescriptor]
    }

    let path: String
    private let socket: FileDescriptor

    init(at path: String) throws {
        self.path = path
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        socket = FileDescriptor(owning: try retrying("socket") { Glibc.socket(AF_UNIX, type, 0) })
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if bound != 0 { throw SystemError("bind \(path)") }
    }

    /// What waits, oldest first.
    func received() throws -> [Datagram] {
        var all: [Datagram] = []
        while socket.waitReadable(timeoutSeconds: 0) { all.append(try next()) }
        return all
    }

    private func next() throws -> Datagram {
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        // Room for eight descriptors: CMSG_SPACE(8 * 4).
        var control = [UInt64](repeating: 0, count: 6)
        let (got, controlBytes) = try bytes.withUnsafeMutableBytes { buffer in
            try control.withUnsafeMutableBytes { room in
                var part = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
                return try withUnsafeMutablePointer(to: &part) { parts in
                    var message = msghdr()
                    message.msg_iov = parts
                    message.msg_iovlen = 1
                    message.msg_control = room.baseAddress
                    message.msg_controllen = room.count
                    let flags = Int32(MSG_CMSG_CLOEXEC)
                    let got = try retrying("recvmsg") { recvmsg(socket.number, &message, flags) }
                    return (got, Int(message.msg_controllen))
                }
            }
        }
        let text = String(decoding: bytes[..<got], as: UTF8.self)
        guard controlBytes > 16 else { return Datagram(text: text, descriptors: []) }
        // One control message: its length, level and type, then the numbers.
        let descriptors = control.withUnsafeBytes { raw in
            let length = Int(raw.load(as: UInt64.self))
            return (0..<(length - 16) / 4).map {
                FileDescriptor(owning: raw.load(fromByteOffset: 16 + $0 * 4, as: Int32.self))
            }
        }
        return Datagram(text: text, descriptors: descriptors)
    }
}

/// The NotifyWriter executable, built beside the tests.
enum NotifyWriterProcess {
    /// Runs it to its end. Returns the lines it printed.
    static func lines(
        _ arguments: [String], environment: [String: String] = [:], input: FileDescriptor? = nil,
        more: [FileDescriptor] = [], throughShell script: String? = nil
    ) throws -> [String] {
        let output = try FileDescriptor.pipe()
        let writer = try path()
        let child = try withExtendedLifetime((output.write, more)) {
            try ChildProcess(
                path: script == nil ? writer : "/bin/sh",
                arguments: script.map { ["-c", $0, writer] + arguments } ?? arguments, environment: environment,
                descriptors: [input?.number, output.write.number, 2] + more.map(\.number))
        }
        defer { if child.signal(SIGKILL) { _ = child.wait(timeoutSeconds: 10) } }
        let end = child.wait(timeoutSeconds: 20)
        try #require(end == .code(0))
        let said = output.read.bytesWaiting > 0 ? try output.read.read(upTo: 65_536) : []
        return String(decoding: said, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    static func path() throws -> String {
        var target = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &target, target.count - 1)
        try #require(length > 0)
        let here = String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var candidates = [Files.parent(of: here)]
        for argument in CommandLine.arguments where argument.contains(".xctest") {
            candidates.append(Files.parent(of: argument))
        }
        let found = candidates.map { $0 + "/NotifyWriter" }.first { access($0, X_OK) == 0 }
        return try #require(found, "NotifyWriter is not built beside the tests")
    }
}
