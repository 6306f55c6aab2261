import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

struct ProcessGroupTests {
    @Test("a group is empty when its last member is gone, not when its leader is")
    func leaderGoesFirst() throws {
        let pipe = try FileDescriptor.pipe()
        let leader = try shell("sleep 600 >/dev/null & echo $!", output: pipe.write)
        defer { leader.signalGroup(SIGKILL) }
        #expect(leader.wait(timeoutSeconds: 10) == .code(0))
        let member = try #require(Int32(try line(from: pipe.read)))
        #expect(ProcessFigures.processes(inGroup: leader.pid) == [member])
        #expect(!leader.groupIsEmpty)
        // The leader is reaped: its number alone would no longer be safe to signal.
        leader.signalGroup(SIGKILL)
        try eventually(within: 10, "the group is empty") { leader.groupIsEmpty }
        #expect(leader.groupIsEmpty)
    }

    @Test("a leader that has ended and was not reaped still counts")
    func zombie() throws {
        let child = try shell("exit 0")
        try eventually(within: 10, "the child has ended") { child.hasEnded }
        #expect(!child.groupIsEmpty)
        #expect(child.reap() == .code(0))
        #expect(child.groupIsEmpty)
    }

    @Test("a stopped process ends of SIGKILL, and of SIGTERM once it is continued")
    func stopped() throws {
        for signals in [[SIGKILL], [SIGTERM, SIGCONT]] {
            let child = try shell("exec sleep 600")
            child.signalGroup(SIGSTOP)
            try eventually(within: 10, "the child is stopped") { ProcessFigures(pid: child.pid)?.state == "T" }
            for signal in signals { child.signalGroup(signal) }
            #expect(child.wait(timeoutSeconds: 10) == .signal(signals[0]))
        }
    }

    @Test("a process that leads no group has none to signal")
    func noGroup() throws {
        let child = try ChildProcess(
            path: "/bin/sleep", arguments: ["600"], environment: [:], descriptors: [nil, nil, nil])
        // Were it the tests' own group, this would end them.
        child.signalGroup(SIGKILL)
        #expect(!child.groupIsEmpty)
        child.signal(SIGTERM)
        #expect(child.wait(timeoutSeconds: 10) == .signal(SIGTERM))
        #expect(child.groupIsEmpty)
    }

    @Test("an adopted process is watched, signalled, and its end told once", arguments: [3, nil] as [Int32?])
    func adopted(code: Int32?) throws {
        // Our grandchild, whose parent waits for it: ours to watch, not to reap.
        let pipe = try FileDescriptor.pipe()
        let input = try FileDescriptor.pipe()
        let parent = try ChildProcess(
            path: "/bin/sh",
            arguments: ["-c", "setsid sh -c 'echo $$; read line; exit $line' <&3 & wait; read line"],
            environment: ["PATH": "/usr/bin:/bin"],
            descriptors: [input.read.number, pipe.write.number, nil, input.read.number], newSession: true)
        defer {
            parent.signalGroup(SIGKILL)
            _ = parent.wait(timeoutSeconds: 10)
        }
        let pid = try #require(Int32(try line(from: pipe.read)))
        let began = try #require(ProcessFigures(pid: pid)?.startTicks)
        let pidfd = try #require(ChildProcess.pidfd(of: pid, startedAtTicks: began))
        let adopted = ChildProcess(adopting: pidfd, pid: pid, leadsGroup: true)
        #expect(adopted.reap() == nil)
        #expect(!adopted.groupIsEmpty)
        if let code { try input.write.write(all: Array("\(code)\n".utf8)) } else { adopted.signal(SIGTERM) }
        let end = adopted.wait(timeoutSeconds: 10)
        let tells = try kernelTellsStrangersEnds()
        let expected: ProcessExit = code.map { .code($0) } ?? .signal(SIGTERM)
        #expect(end == expected || (end == .unknown && !tells))
        #expect(adopted.reap() == nil)
        try eventually(within: 10, "its parent has reaped it") { adopted.groupIsEmpty }
        #expect(ChildProcess.pidfd(of: pid, startedAtTicks: began) == nil)
    }

    @Test("a number that somebody else has is not taken")
    func recycled() throws {
        let child = try shell("exec sleep 600")
        defer { _ = child.wait(timeoutSeconds: 10) }
        defer { child.signal(SIGKILL) }
        let began = try #require(ProcessFigures(pid: child.pid)?.startTicks)
        #expect(ChildProcess.pidfd(of: child.pid, startedAtTicks: began) != nil)
        #expect(ChildProcess.pidfd(of: child.pid, startedAtTicks: began - 1) == nil)
    }

    /// Linux 6.15 and later.
    private func kernelTellsStrangersEnds() throws -> Bool {
        let release = try #require(try Files.read("/proc/sys/kernel/osrelease", bytesMax: 100))
        let numbers = String(decoding: release, as: UTF8.self).split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return !numbers.lexicographicallyPrecedes([6, 15])
    }

    private func shell(_ script: String, output: FileDescriptor? = nil) throws -> ChildProcess {
        try ChildProcess(
            path: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"],
            descriptors: [nil, output?.number, nil], newSession: true)
    }

    private func line(from pipe: FileDescriptor) throws -> String {
        try #require(pipe.waitReadable(timeoutSeconds: 10))
        return String(decoding: try pipe.read(upTo: 100), as: UTF8.self).filter { $0 != "\n" }
    }
}
