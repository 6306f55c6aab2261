import Glibc
import Platform
import TestSupport
import Testing

struct ProcessFiguresTests {
    @Test("the figures of a process are its own")
    func figures() throws {
        let pipe = try FileDescriptor.pipe()
        let child = try ChildProcess(
            path: "/bin/sleep", arguments: ["600"], environment: [:],
            descriptors: [nil, nil, nil, pipe.read.number, pipe.write.number], nice: 3)
        defer { end(child) }
        try eventually(within: 10, "it sleeps") { ProcessFigures(pid: child.pid)?.state == "S" }
        let figures = try #require(ProcessFigures(pid: child.pid))
        #expect(figures.threads == 1)
        #expect(figures.openFiles == 5)
        #expect(figures.nice == 3 + (ProcessFigures(pid: getpid())?.nice ?? 0))
        #expect(figures.residentBytes > 0)
        let later = try ChildProcess(
            path: "/bin/sleep", arguments: ["600"], environment: [:], descriptors: [nil, nil, nil])
        defer { end(later) }
        #expect(try #require(ProcessFigures(pid: later.pid)).startTicks >= figures.startTicks)
        child.signal(SIGKILL)
        try eventually(within: 10, "it is a zombie") { ProcessFigures(pid: child.pid)?.state == "Z" }
        #expect(child.wait(timeoutSeconds: 10) == .signal(SIGKILL))
        #expect(ProcessFigures(pid: child.pid) == nil)
    }

    @Test("a group has its members, and a family its children, also those in groups of their own")
    func family() throws {
        let parent = try ChildProcess(
            path: "/bin/sh", arguments: ["-c", "sleep 600 & setsid sleep 600 & wait"],
            environment: ["PATH": "/usr/bin:/bin"], descriptors: [nil, nil, nil], newSession: true)
        defer { end(parent) }
        defer { for pid in ProcessFigures.descendants(of: parent.pid) { kill(pid, SIGKILL) } }
        try eventually(within: 10, "one child of two has left the group") {
            ProcessFigures.descendants(of: parent.pid).count == 2
                && ProcessFigures.processes(inGroup: parent.pid).count == 2
        }
        #expect(ProcessFigures.processes(inGroup: parent.pid).contains(parent.pid))
    }

    @Test("a hanging process shows where each of its threads waits")
    func evidence() throws {
        let child = try ChildProcess(
            path: "/bin/sleep", arguments: ["600"], environment: [:], descriptors: [nil, nil, nil])
        defer { end(child) }
        try eventually(within: 10, "it sleeps") { ProcessFigures(pid: child.pid)?.state == "S" }
        let lines = ProcessStack.evidence(of: child.pid)
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("thread \(child.pid) sleep: state S") == true)
        if access("/proc/\(child.pid)/stack", R_OK) == 0, geteuid() == 0 {
            #expect(lines.first?.contains("nanosleep") == true, "\(lines)")
        }
        #expect(ProcessStack.evidence(of: 0).isEmpty)
    }

    @Test("many threads are shown up to the bound, and the rest counted")
    func manyThreads() throws {
        let stop = try StopSignal()
        defer { stop.give(reason: "enough") }
        for number in 0..<40 { NamedThread.start("waits-\(number)") { stop.wait(seconds: 60) } }
        let lines = ProcessStack.evidence(of: getpid())
        #expect(lines.count == ProcessStack.threadsMax + 1)
        #expect(lines.last?.hasSuffix("more threads") == true)
    }

    @Test("every thread of every process of a group gets the niceness, and nobody else")
    func niceness() throws {
        let script = """
            import os, threading, time
            for n in range(3): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
            os.fork()
            time.sleep(600)
            """
        let leader = try ChildProcess(
            path: "/usr/bin/python3", arguments: ["-c", script], environment: [:], descriptors: [nil, nil, nil],
            newSession: true)
        defer {
            leader.signalGroup(SIGKILL)
            _ = leader.wait(timeoutSeconds: 10)
        }
        try eventually(within: 20, "two processes with four threads and one") {
            ProcessFigures.processes(inGroup: leader.pid).count == 2 && ProcessFigures(pid: leader.pid)?.threads == 4
        }
        let own = ProcessFigures(pid: getpid())?.nice
        #expect(Niceness.set(12, group: leader.pid) == 0)
        var nices: [Int32] = []
        for pid in ProcessFigures.processes(inGroup: leader.pid) {
            for thread in try Files.names(in: "/proc/\(pid)/task") {
                nices.append(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(try #require(UInt32(thread)))))
            }
        }
        #expect(nices == [12, 12, 12, 12, 12])
        #expect(ProcessFigures(pid: getpid())?.nice == own)
        #expect(Niceness.set(12, group: Int32.max) == ESRCH)
    }

    private func end(_ child: ChildProcess) {
        child.signal(SIGKILL)
        _ = child.wait(timeoutSeconds: 10)
    }
}
