internal import CPlatform
internal import Glibc

/// The signals of a process as something to poll. Made in main before any thread exists, because every thread
/// inherits the blocked mask and a signal must not find one without it.
public struct SignalFeed: ~Copyable {
    private let feed: FileDescriptor

    /// Blocks `signals` for the process and collects them here.
    public init(_ signals: [Int32]) throws(SystemError) {
        let mask = signals.reduce(UInt64(0)) { $0 | 1 << UInt64($1 - 1) }
        let fd = lofi_signalfd(mask)
        guard fd >= 0 else { throw SystemError("signalfd", code: -fd) }
        feed = FileDescriptor(owning: fd)
        signal(SIGPIPE, SIG_IGN)
        // Ignored, as a parent may have left it, children would vanish without telling how they ended.
        signal(SIGCHLD, SIG_DFL)
    }

    /// Readable when a signal waits.
    public var descriptor: Int32 { feed.number }

    /// The next signal that waits, if one does.
    public borrowing func next() -> Int32? {
        let number = lofi_next_signal(feed.number)
        return number > 0 ? number : nil
    }
}

/// What a supervisor owes its descendants' children.
public enum Orphans {
    /// Makes this process the parent of descendants whose own parent dies.
    public static func adopt() { _ = lofi_become_subreaper() }

    /// Reaps the next ended child that is not in `known`, whose end belongs to somebody else. Nil when there is none.
    public static func next(except known: [Int32]) -> Int32? {
        let pid = lofi_ended_child()
        guard pid > 0, !known.contains(pid) else { return nil }
        return waitpid(pid, nil, WNOHANG) > 0 ? pid : nil
    }

    /// Kills the descendants that dead processes left to this one: every child of ours but those in `known`. A tool in
    /// a session of its own outlives its worker otherwise, and works on beside that of the next one.
    public static func end(except known: [Int32]) {
        // As process 1 of a container we inherit everybody's.
        if getpid() == 1 { return }
        // A child that has ended keeps its number until `next` reaps it, so no stranger can be meant.
        for pid in children() where !known.contains(pid) { kill(pid, SIGKILL) }
    }

    /// The children of this process, whoever started them.
    public static func children() -> [Int32] {
        let threads = (try? Files.names(in: "/proc/self/task")) ?? []
        return threads.flatMap { thread -> [Int32] in
            guard let file = try? FileDescriptor.open("/proc/self/task/\(thread)/children", O_RDONLY),
                let bytes = try? file.read(upTo: 65_536)
            else { return [] }
            return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
        }
    }

    /// Ignores a broken pipe, which a write then reports instead.
    public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
