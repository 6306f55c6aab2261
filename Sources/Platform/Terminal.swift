internal import CPlatform
internal import Glibc

/// The terminal of a command, and standard output when it is none.
public enum Terminal {
    /// True when standard output is a terminal, which a person looks at.
    public static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
    /// True when keys can be read from standard input.
    public static var isInput: Bool { isatty(STDIN_FILENO) == 1 }

    /// Characters of the terminal behind standard output; 24 by 80 where it does not say.
    public static var size: (rows: Int, columns: Int) {
        var rows: Int32 = 0
        var columns: Int32 = 0
        let known = lofi_terminal_size(STDOUT_FILENO, &rows, &columns) == 0 && rows > 0 && columns > 0
        return known ? (Int(rows), Int(columns)) : (24, 80)
    }

    /// Writes all of `text` to standard output now.
    /// - Throws: EPIPE when whoever read it has gone (with SIGPIPE ignored).
    public static func write(_ text: String) throws(SystemError) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let wrote = try retrying("write to standard output") {
                bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            }
            bytes = bytes.dropFirst(wrote)
        }
    }

    /// Waits for a signal, for standard output's reader to go, and where wanted for a key.
    /// - Returns: nil when `timeoutSeconds` passed first.
    public static func wait(
        signals: borrowing SignalFeed, keys: Bool = false, timeoutSeconds: Double
    ) -> Event? {
        var watched = [
            pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            // No events asked for: errors and hang-ups are told anyway.
            pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
            pollfd(fd: keys ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = Int32(min(max(0, timeoutSeconds), 3600) * 1000)
        guard poll(&watched, nfds_t(watched.count), milliseconds) > 0 else { return nil }
        if watched[0].revents != 0, let signal = signals.next() { return .signal(signal) }
        if Int32(watched[1].revents) & (POLLERR | POLLHUP) != 0 { return .readerGone }
        guard watched[2].revents != 0 else { return nil }
        var key: UInt8 = 0
        return read(STDIN_FILENO, &key, 1) == 1 ? .key(key) : .readerGone
    }

    /// Waits until a signal has come, or whoever reads standard output has gone.
    /// - Parameter signals: of a `SignalFeed` that lives as long.
    public static func waitForEnd(signals: Int32) {
        var watched = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
        ]
        while poll(&watched, nfds_t(watched.count), -1) < 0 && errno == EINTR {}
    }

    public enum Event: Sendable, Equatable {
        case signal(Int32)
        case readerGone
        /// The first byte of what was typed.
        case key(UInt8)
    }

    /// Runs `body` with a terminal that hands over every key at once and shows none.
    public static func withKeys<Result>(_ body: () throws -> Result) rethrows -> Result {
        var before = termios()
        guard isInput, tcgetattr(STDIN_FILENO, &before) == 0 else { return try body() }
        var keys = before
        keys.c_lflag &= ~UInt32(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &keys)
        defer { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
        return try body()
    }
}
