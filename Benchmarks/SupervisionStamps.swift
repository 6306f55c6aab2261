import Glibc
import Platform

/// What the stand-ins of one supervisor say when their own code begins to run, through a FIFO.
final class SupervisionStamps {
    struct Stamp {
        var worker: String
        /// As its supervisor's PID namespace counts.
        var pid: Int32
        /// Monotonic.
        var seconds: Double
    }

    let path: String
    private let fifo: FileDescriptor
    private var bytes: [UInt8] = []

    init(at path: String) throws {
        self.path = path
        guard mkfifo(path, 0o666) == 0 else { throw SystemError("mkfifo \(path)") }
        // For both: with nobody who writes it would be at its end.
        fifo = try FileDescriptor.open(path, O_RDWR | O_NONBLOCK)
    }

    /// Waits for the next one; nil when none comes in time.
    func next(withinSeconds seconds: Double, _ pace: Pace) throws -> Stamp? {
        let deadline = pace.now + seconds
        while true {
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                defer { bytes.removeSubrange(...end) }
                return Self.stamp(bytes[..<end])
            }
            let left = deadline - pace.now
            if pace.stop.isGiven { throw Pace.Interrupted() }
            if left <= 0 { return nil }
            if fifo.waitReadable(timeoutSeconds: min(left, 0.5)) { bytes += try fifo.read(upTo: 65_536) }
        }
    }

    /// Forgets those that are there already.
    func clear() throws {
        while fifo.waitReadable(timeoutSeconds: 0) { _ = try fifo.read(upTo: 65_536) }
        bytes = []
    }

    private static func stamp(_ line: ArraySlice<UInt8>) -> Stamp? {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.count == 3, let pid = Int32(words[1]), let nanoseconds = Double(words[2]) else { return nil }
        return Stamp(worker: String(words[0]), pid: pid, seconds: nanoseconds / 1e9)
    }
}
