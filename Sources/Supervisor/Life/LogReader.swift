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
        limit.pass(readLines(), now: now)
    }

    /// How many lines were held back and not yet told of: for the end of a life.
    func takeDropped() -> Int { limit.takeDropped() }

    private func readLines() -> [String] {
        guard isOpen, let bytes = try? descriptor.read(upTo: Self.bytesAtOnce) else { return [] }
        if bytes.isEmpty {
            isOpen = false
            defer { line = [] }
            return line.isEmpty ? [] : [String(decoding: line, as: UTF8.self)]
        }
        var found: [String] = []
        for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            add(part)
            if !line.isEmpty { found.append(String(decoding: line, as: UTF8.self)) }
            line = []
        }
        add(bytes[(bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)...])
        return found
    }

    /// A line is cut here, never kept whole.
    private func add(_ part: ArraySlice<UInt8>) {
        line += part.prefix(max(0, Self.lineBytesMax - line.count))
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

    mutating func pass(_ lines: [String], now: Double) -> (lines: [String], dropped: Int) {
        allowance = min(Self.burstLines, allowance + (now - at) * Self.linesASecond)
        at = now
        let passed = Array(lines.prefix(Int(allowance)))
        allowance -= Double(passed.count)
        dropped += lines.count - passed.count
        // Said when the flood has ebbed, and not once for each line that gets through.
        guard dropped > 0, allowance >= Self.burstLines / 2 else { return (passed, 0) }
        return (passed, takeDropped())
    }

    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }
}
