internal import Glibc

/// Processes known by a variable of their environment, which their children inherit wherever they go: into another
/// session, or to another parent when their own has died.
public enum MarkedProcesses {
    /// New ones may be born while the old ones are looked for.
    private static let roundsMax = 20

    /// Kills every process of ours that was started with `name` set to `value`. Reads the whole of /proc.
    /// - Parameter value: long and random, so that nobody else has it.
    /// - Returns: how many were killed.
    @discardableResult
    public static func kill(name: String, value: String) -> Int {
        let mark = Array("\(name)=\(value)".utf8)
        var killed = 0
        for _ in 0..<roundsMax {
            let found = ((try? Files.names(in: "/proc")) ?? []).compactMap { Int32($0) }.filter { $0 != getpid() }
                .filter { isMarked($0, mark) }
            if found.isEmpty { break }
            for pid in found {
                // A number may pass to a stranger between two looks, a pidfd does not.
                guard let began = ProcessFigures(pid: pid)?.startTicks, isMarked(pid, mark),
                    let pidfd = ChildProcess.pidfd(of: pid, startedAtTicks: began)
                else { continue }
                let process = ChildProcess(adopting: pidfd, pid: pid, leadsGroup: false)
                if process.signal(SIGKILL) { killed += 1 }
                _ = process.pidfd.waitReadable(timeoutSeconds: 1)
            }
        }
        return killed
    }

    /// A process that has ended has no environment any more.
    private static func isMarked(_ pid: Int32, _ mark: [UInt8]) -> Bool {
        guard let bytes = try? Files.read("/proc/\(pid)/environ", bytesMax: 1 << 20) else { return false }
        return bytes.split(separator: 0).contains { $0.elementsEqual(mark) }
    }
}
