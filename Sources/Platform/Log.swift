internal import Glibc
internal import Synchronization

/// Lines for the operator on standard error, with the priority prefix that journald reads (sd-daemon(3)) when the
/// output is the journal, and plain words on a terminal.
public enum Log {
    public static func info(_ text: String) { write(6, text) }
    public static func warning(_ text: String) { write(4, "warning: " + text) }
    public static func error(_ text: String) { write(3, "error: " + text) }

    /// A worker's own line, passed on with its weight.
    public static func line(_ text: String) {
        write(text.contains(": error: ") ? 3 : text.contains(": warning: ") ? 4 : 6, text)
    }

    private static func write(_ priority: Int, _ text: String) {
        // A terminal that was stopped with Ctrl-S, or a pipe that nobody reads, must not stop the station: what does
        // not go out now is dropped, and counted.
        guard hasRoom else {
            dropped.add(1, ordering: .relaxed)
            return
        }
        let lost = dropped.exchange(0, ordering: .relaxed)
        if lost > 0 { put(4, "warning: \(lost) lines of the log could not be written") }
        if lost == 0 || hasRoom { put(priority, text) } else { dropped.add(1, ordering: .relaxed) }
    }

    private static var hasRoom: Bool {
        var room = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        return poll(&room, 1, 0) > 0
    }

    /// The one thing that a process has in common with whoever else writes to its standard error.
    private static let dropped = Atomic(0)

    private static func put(_ priority: Int, _ text: String) {
        // One write a line, so that lines of several processes do not mix; newlines inside would forge lines. A pipe
        // with any room at all takes 4096 bytes.
        let line = text.split(separator: "\n", omittingEmptySubsequences: true).joined(separator: " | ")
        let prefix = getenv("JOURNAL_STREAM") == nil ? "" : "<\(priority)>"
        let bytes = Array((prefix + line).utf8.prefix(4000)) + [UInt8(ascii: "\n")]
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
