import FoundationEssentials
import Glibc
import Platform
import TestSupport

/// Work for every processor, by stress-ng where it is installed, else by shells that count.
struct BusyMachine {
    /// In words, for what a test prints.
    let kind: String
    private let processes: [ChildProcess]

    /// Keeps every processor busy while `body` runs.
    /// - Parameter group: a cpu cgroup that the work joins.
    static func during<Result>(group: ProcessorGroup?, _ body: (BusyMachine) throws -> Result) throws -> Result {
        let count = max(1, MachineLoad().cpusAllowed)
        let environment = ["PATH": "/usr/bin:/bin"]
        var processes: [ChildProcess] = []
        defer {
            for process in processes {
                process.signalGroup(SIGKILL)
                _ = process.wait(timeoutSeconds: 5)
            }
        }
        let kind: String
        if let stress = TestTool.path(of: "stress-ng") {
            kind = "stress-ng --cpu \(count)"
            processes = [
                try ChildProcess(
                    path: stress, arguments: ["--cpu", String(count), "--quiet"], environment: environment,
                    descriptors: [nil, nil, nil], newSession: true)
            ]
            try eventually(within: 10, "stress-ng has its workers") {
                ProcessFamily(of: processes[0].pid).members.count > count
            }
        } else {
            kind = "\(count) counting shells"
            for _ in 0..<count {
                processes.append(
                    try ChildProcess(
                        path: "/bin/sh", arguments: ["-c", "while :; do :; done"], environment: environment,
                        descriptors: [nil, nil, nil], newSession: true))
            }
        }
        for process in processes { group?.take(ProcessFamily(of: process.pid).members) }
        return try body(BusyMachine(kind: kind, processes: processes))
    }
}

/// A cpu cgroup in which station and other work compete thread by thread, as they do inside one service or where the
/// kernel does not group by session. Outside of it each session has its own share, and hardly anything is ever late.
struct ProcessorGroup {
    private let directory: String

    /// Nil where none can be made: without root, or with cgroup v2 alone, whose controllers are not ours to switch.
    static func during<Result>(_ body: (ProcessorGroup?) throws -> Result) throws -> Result {
        let directory = "/sys/fs/cgroup/cpu/lofisup-test-\(getpid())"
        guard mkdir(directory, 0o755) == 0, access(directory + "/cgroup.procs", W_OK) == 0 else {
            return try body(nil)
        }
        defer {
            // It can be removed once the last process in it has been reaped by whoever has to.
            try? eventually(within: 10, "the cgroup is empty") { rmdir(directory) == 0 }
        }
        return try body(ProcessorGroup(directory: directory))
    }

    func take(_ pids: [Int32]) {
        for pid in pids {
            try? FileDescriptor.open(directory + "/cgroup.procs", O_WRONLY).write(all: Array(String(pid).utf8))
        }
    }
}
