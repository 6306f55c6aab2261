/// Cuts a byte stream into lines, and refuses one that grows past the limit before its newline has come.
public struct LineBuffer: Sendable {
    private var pending: [UInt8] = []
    /// So much of it holds no newline: a long line in small pieces is searched once.
    private var searched = 0
    private let bytesMax: Int

    public init(bytesMax: Int = Message.bytesMax) { self.bytesMax = bytesMax }

    /// Adds `bytes` and returns the lines now complete, without newlines; empty lines are skipped.
    public mutating func add(_ bytes: [UInt8]) throws(WireError) -> [[UInt8]] {
        pending += bytes
        var lines: [[UInt8]] = []
        var start = 0
        while let end = pending[max(start, searched)...].firstIndex(of: UInt8(ascii: "\n")) {
            if end - start > bytesMax { throw .oversized(limitBytes: bytesMax) }
            if end > start { lines.append(Array(pending[start..<end])) }
            start = end + 1
        }
        pending.removeFirst(start)
        searched = pending.count
        if pending.count > bytesMax { throw .oversized(limitBytes: bytesMax) }
        return lines
    }
}
