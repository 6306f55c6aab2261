internal import Glibc

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
        // One write a line, so that lines of several processes do not mix; newlines inside would forge lines.
        let line = text.split(separator: "\n", omittingEmptySubsequences: true).joined(separator: " | ")
        let prefix = getenv("JOURNAL_STREAM") == nil ? "" : "<\(priority)>"
        let bytes = Array((prefix + line.prefix(4000) + "\n").utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
