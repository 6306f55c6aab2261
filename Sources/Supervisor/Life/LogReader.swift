internal import Glibc
internal import Platform

/// A worker's output as lines, of bounded length and rate: a worker may write more than anyone reads.
final class LogReader {
    let descriptor: FileDescriptor
    private(set) var isOpen = true
    private var line: [UInt8] = []
    private var limit: LogLimit
    private static let lineBytesMax = 4000
    private static let bytesAtOnce = 65_536

    init(_ descriptor: FileDescriptor, now: Double) throws(SystemError) {
        try descriptor.setNonBlocking()
        self.descriptor = descriptor
        limit = LogLimit(now: now)
    }

    /// The lines that have come in, as many as the limit lets through, and how many it has held back since it last
    /// said so.
    func read(now: Double) -> (lines: [String], dropped: Int) {
        limit.refill(now: now)
        let lines = readLines()
        return (lines, limit.dropsToTell())
    }

    /// How many lines were held back and not yet told of: for the end of a life.
    func takeDropped() -> Int { limit.takeDropped() }

    private func readLines() -> [String] {
        guard isOpen, let bytes = try? descriptor.read(upTo: Self.bytesAtOnce) else { return [] }
        var found: [String] = []
        if bytes.isEmpty {
            isOpen = false
            end(into: &found)
            return found
        }
        var start = 0
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            while let newline = memchr(base + start, 0x0A, bytes.count - start) {
                let end = UnsafeRawPointer(newline) - base
                add(bytes[start..<end])
                self.end(into: &found)
                start = end + 1
                if start == bytes.count { return }
            }
            add(bytes[start...])
        }
        return found
    }

    /// A line is cut here, never kept whole.
    private func add(_ part: Slice<UnsafeRawBufferPointer>) {
        line += part.prefix(max(0, Self.lineBytesMax - line.count))
    }

    /// The end of a line. In a flood nearly all of them are only counted.
    private func end(into found: inout [String]) {
        defer { line.removeAll(keepingCapacity: true) }
        if !line.isEmpty, limit.passes() { found.append(String(decoding: line, as: UTF8.self)) }
    }
}

/// Lets the lines of one worker through at a bounded rate, and counts how many it held back.
struct LogLimit {
    private static let linesASecond = 20.0
    private static let burstLines = 200.0
    private var allowance = LogLimit.burstLines
    private var at: Double
    private var dropped = 0

    init(now: Double) { at = now }

    mutating func refill(now: Double) {
        allowance = min(Self.burstLines, allowance + (now - at) * Self.linesASecond)
        at = now
    }

    /// Whether one more line passes.
    mutating func passes() -> Bool {
        if allowance < 1 {
            dropped += 1
            return false
        }
        allowance -= 1
        return true
    }

    /// Told when the flood has ebbed, and not once for each line that gets through.
    mutating func dropsToTell() -> Int { allowance >= Self.burstLines / 2 ? takeDropped() : 0 }

    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }
}
