internal import Glibc
public import Platform

/// What is to go out on a stream socket whose peer may read late, or for a while not at all. Nothing here waits, and
/// what a peer gets are whole lines, however long the pause between two pieces of one.
public struct Outbox: Sendable {
    private var unsent: [UInt8] = []

    /// A peer that lets this much pile up, beyond what the kernel holds, does not come back.
    private static let bytesMax = 4 << 20

    public init() {}

    public var isEmpty: Bool { unsent.isEmpty }

    /// Takes a line and sends what the socket has room for.
    /// - Throws: what the socket says; EAGAIN when the bound is reached, and then nothing was taken.
    public mutating func add(_ line: [UInt8], to socket: FileDescriptor) throws(SystemError) {
        guard unsent.count + line.count <= Self.bytesMax else { throw SystemError("send", code: EAGAIN) }
        unsent += line
        try flush(to: socket)
    }

    /// Sends what the socket has room for.
    public mutating func flush(to socket: FileDescriptor) throws(SystemError) {
        var sent = 0
        defer { unsent.removeFirst(sent) }
        while sent < unsent.count {
            let count = try socket.sendSome(unsent[sent...])
            if count == 0 { return }
            sent += count
        }
    }
}
