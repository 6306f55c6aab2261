internal import Glibc
internal import IPC
internal import Platform

/// JSON-RPC lines over a non-blocking stream, for the control loop, which never waits for a peer.
final class LineChannel {
    let descriptor: FileDescriptor
    private(set) var isOpen = true
    private var lines = LineBuffer()
    private var outgoing: [UInt8] = []
    /// True until the end of a line whose beginning somebody else has read.
    private var isInsideLine: Bool

    /// A peer that lets this much pile up does not read, and is let go rather than given our memory.
    private static let outgoingBytesMax = 4 << 20

    /// - Parameter startsInsideLine: true where somebody else may have read the beginning of the first line.
    init(_ descriptor: FileDescriptor, startsInsideLine: Bool = false) throws(SystemError) {
        try descriptor.setNonBlocking()
        self.descriptor = descriptor
        isInsideLine = startsInsideLine
    }

    var wantsToWrite: Bool { isOpen && !outgoing.isEmpty }

    /// Queues a message and sends what can be sent now.
    func send(_ message: Message) {
        guard isOpen, let line = line(of: message) else { return }
        outgoing += line
        if outgoing.count > Self.outgoingBytesMax { isOpen = false }
        flush()
    }

    /// Whoever asked must not wait for an answer that does not fit.
    private func line(of message: Message) -> [UInt8]? {
        if let line = try? message.line() { return line }
        guard case .response(let id, _) = message else { return nil }
        let words = "the answer is larger than \(Message.bytesMax) bytes"
        return try? Message.failure(id: id, code: Message.Code.failed, message: words).line()
    }

    /// Ends a line that somebody else may have begun.
    func endLine() { outgoing.append(UInt8(ascii: "\n")) }

    func flush() {
        guard wantsToWrite else { return }
        let count = outgoing.withUnsafeBytes {
            Glibc.send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count > 0 { outgoing.removeFirst(count) } else if errno != EAGAIN { isOpen = false }
    }

    /// As much as is read in one turn of the loop: what a flood of small messages costs must leave time for others.
    private static let bytesAtOnce = 2048

    /// The messages that have come in, or the first of them.
    /// - Parameter complain: told of each line that cannot be read; the conversation goes on unless a line is endless.
    func receive(complain: (WireError) -> Void) -> [Message] {
        var messages: [Message] = []
        do {
            let bytes = try descriptor.read(upTo: Self.bytesAtOnce)
            if bytes.isEmpty { isOpen = false }
            for line in try lines.add(bytes) {
                do {
                    messages.append(try Message(line: line))
                } catch  where isInsideLine {
                    // The rest of what somebody else began to read.
                } catch {
                    complain(error)
                }
                isInsideLine = false
            }
        } catch let error as WireError {
            complain(error)
            isOpen = false
        } catch let error as SystemError {
            if error.code != EAGAIN { isOpen = false }
        } catch {
            isOpen = false
        }
        return messages
    }
}
