internal import Glibc

/// A process and everything it has started, as far as their parents live. A worker's tools lead sessions of their own,
/// so that no signal to the worker's group and no niceness of its group reaches them; here they are included.
///
/// The members are known by number. Only the leader's own children are safe from being mistaken, because a number is
/// not given away before its holder is reaped: take a new family for every use.
public struct ProcessFamily: Sendable, Equatable {
    /// The leader first, parents before their children.
    public let members: [Int32]

    /// More than any worker has; what is beyond is left alone.
    private static let membersMax = 256

    /// Walks from `leader` down, without looking at any other process where the kernel lists children.
    public init(of leader: Int32) {
        var found = [leader]
        var next = 0
        while next < found.count, found.count < Self.membersMax {
            found += Self.children(of: found[next]).filter { !found.contains($0) }
            next += 1
        }
        members = found
    }

    /// User and system time so far, in seconds, also of those that have ended and were waited for.
    public var cpuSeconds: Double {
        let ticks = members.reduce(0.0) { sum, pid in
            guard let fields = Self.statFields(of: pid), fields.count > 14 else { return sum }
            return sum + fields[11...14].reduce(0) { $0 + max(0, Double($1) ?? 0) }
        }
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// For each thread, nanoseconds in which it could have run and waited for a processor, and how often it was given
    /// one (/proc/PID/task/TID/schedstat). Empty where the kernel does not count.
    public var waits: [Int32: (nanoseconds: UInt64, turns: UInt64)] {
        var waits: [Int32: (nanoseconds: UInt64, turns: UInt64)] = [:]
        for pid in members {
            for thread in Self.threads(of: pid) {
                let words = (Self.text("/proc/\(pid)/task/\(thread)/schedstat") ?? "").split { $0 == " " || $0 == "\n" }
                guard words.count == 3, let nanoseconds = UInt64(words[1]), let turns = UInt64(words[2]) else {
                    continue
                }
                waits[thread] = (nanoseconds, turns)
            }
        }
        return waits
    }

    /// Sets the niceness of every thread, and of every session that a member leads: where the kernel groups by session
    /// (sched_autogroup_enabled), a thread's niceness counts among its own session only.
    /// - Returns: 0; EAGAIN when the kernel wants a moment between two changes of sessions; EACCES or EPERM for a
    ///   lower niceness without the right to it; ESRCH when nobody is left.
    public func set(nice: Int32) -> Int32 {
        var failed: Int32 = 0
        var reached = false
        for pid in members {
            for thread in Self.threads(of: pid) {
                reached = true
                if setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(thread), nice) != 0, errno != ESRCH,
                    failed == 0
                {
                    failed = errno
                }
            }
            if getsid(pid) == pid {
                let code = Self.set(sessionNice: nice, of: pid)
                if failed == 0 { failed = code }
            }
        }
        return reached ? failed : ESRCH
    }

    /// SIGSTOP to all, parents first: a stopped parent starts nothing more and reaps nobody.
    public static func hold(_ leader: Int32) {
        kill(leader, SIGSTOP)
        for pid in ProcessFamily(of: leader).members.dropFirst() { kill(pid, SIGSTOP) }
    }

    /// SIGCONT to all, children first.
    public static func goOn(_ leader: Int32) {
        for pid in ProcessFamily(of: leader).members.reversed() { kill(pid, SIGCONT) }
    }

    /// The niceness of a session as a whole; nil where the kernel does not group by session.
    public static func sessionNice(of pid: Int32) -> Int32? {
        text("/proc/\(pid)/autogroup")?.split { $0 == " " || $0 == "\n" }.last.flatMap { Int32($0) }
    }

    private static func set(sessionNice nice: Int32, of pid: Int32) -> Int32 {
        // What is as it should be is not written: the kernel takes one change in a tenth of a second from all of us.
        guard let now = sessionNice(of: pid), now != nice else { return 0 }
        do throws(SystemError) {
            try FileDescriptor.open("/proc/\(pid)/autogroup", O_WRONLY).write(all: Array(String(nice).utf8))
            return 0
        } catch {
            return error.code == ENOENT || error.code == ESRCH ? 0 : error.code
        }
    }

    private static func children(of pid: Int32) -> [Int32] {
        threads(of: pid).flatMap { thread in
            (text("/proc/\(pid)/task/\(thread)/children") ?? "").split(separator: " ").compactMap { Int32($0) }
        }
    }

    private static func threads(of pid: Int32) -> [Int32] {
        ((try? Files.names(in: "/proc/\(pid)/task")) ?? []).compactMap { Int32($0) }
    }

    private static func statFields(of pid: Int32) -> [Substring]? {
        // The command name is in parentheses and may hold anything; fields are counted after the last one.
        guard let text = text("/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: close)...].split(separator: " ")
    }

    private static func text(_ path: String) -> String? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY), let bytes = try? file.read(upTo: 4096) else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
