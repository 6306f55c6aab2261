internal import Glibc

/// The niceness of processes that run already. On Linux each thread has its own, so every thread is set.
public enum Niceness {
    /// New threads may be born while the old ones are walked.
    private static let roundsMax = 4

    /// Sets every thread of every process in the group that `leader` leads. What they start later inherits it.
    /// - Returns: 0, or the errno of the first thread that could not be set: EACCES or EPERM for a lower niceness
    ///   without the right to it, ESRCH when nobody is left. The others are set all the same.
    public static func set(_ nice: Int32, group leader: Int32) -> Int32 {
        set(nice, threadsOf: ProcessFigures.processes(inGroup: leader))
    }

    /// Sets every thread of the processes `pids`; returns as the other.
    public static func set(_ nice: Int32, threadsOf pids: [Int32]) -> Int32 {
        var done: Set<Int32> = []
        var failed: Int32 = 0
        for _ in 0..<roundsMax {
            let threads = pids.flatMap { pid in
                ((try? Files.names(in: "/proc/\(pid)/task")) ?? []).compactMap { Int32($0) }
            }
            let fresh = threads.filter { !done.contains($0) }
            if fresh.isEmpty { break }
            for thread in fresh {
                done.insert(thread)
                guard setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(thread), nice) != 0 else { continue }
                let code = errno
                // A thread that ended meanwhile is no failure.
                if failed == 0, code != ESRCH { failed = code }
            }
        }
        return done.isEmpty ? ESRCH : failed
    }
}
