internal import Domain
internal import Platform

/// Workers of this very station that live and that nobody wrote down.
enum Strays {
    /// Those that were started with `arguments` after their name, which no other station's workers are.
    /// - Parameter known: processes that are not meant.
    static func find(arguments: [String], except known: [Int32]) -> [(worker: WorkerName, child: ChildProcess)] {
        let names = (try? Files.names(in: "/proc")) ?? []
        return names.compactMap { Int32($0) }.compactMap { pid in
            // First when it began and then what it is: the pidfd is of the one that was looked at.
            guard !known.contains(pid), let ticks = ProcessFigures(pid: pid)?.startTicks,
                let worker = worker(pid, arguments), let pidfd = ChildProcess.pidfd(of: pid, startedAtTicks: ticks)
            else { return nil }
            return (worker, ChildProcess(adopting: pidfd, pid: pid, leadsGroup: true))
        }
    }

    private static func worker(_ pid: Int32, _ arguments: [String]) -> WorkerName? {
        guard let bytes = try? Files.read("/proc/\(pid)/cmdline", bytesMax: 1 << 17) else { return nil }
        // Each argument ends with a zero; the executable's name is that of whatever version it was.
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
        guard words.count == arguments.count + 3, words[1] == "worker", Array(words[3...]) == arguments else {
            return nil
        }
        return WorkerName(words[2])
    }
}
