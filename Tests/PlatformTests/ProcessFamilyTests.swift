import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

struct ProcessFamilyTests {
    /// A shell with two children, one of which leads a session of its own, all waiting.
    private func withFamily(nice: Int32 = 0, _ body: (Int32) throws -> Void) throws {
        let shell = try ChildProcess(
            path: "/bin/sh", arguments: ["-c", "sleep 600 & setsid sleep 600 & wait"],
            environment: ["PATH": "/usr/bin:/bin"], descriptors: [nil, nil, nil], newSession: true, nice: nice)
        defer {
            for pid in ProcessFamily(of: shell.pid).members.reversed() { kill(pid, SIGKILL) }
            _ = shell.wait(timeoutSeconds: 5)
        }
        try eventually(within: 10, "both children run") {
            let members = ProcessFamily(of: shell.pid).members
            return members.count == 3 && members.contains { $0 != shell.pid && getsid($0) == $0 }
        }
        try body(shell.pid)
    }

    private func states(_ pid: Int32) -> [Character] {
        ProcessFamily(of: pid).members.compactMap { ProcessFigures(pid: $0)?.state }
    }

    @Test("a family is stopped and goes on as a whole, sessions of its own included")
    func holdAndGoOn() throws {
        try withFamily { pid in
            ProcessFamily.hold(pid)
            try eventually(within: 5, "all three are stopped") { states(pid) == ["T", "T", "T"] }
            ProcessFamily.goOn(pid)
            try eventually(within: 5, "all three go on") { states(pid) == ["S", "S", "S"] }
        }
    }

    @Test("a niceness reaches every member, and every session where the kernel groups by session")
    func niceness() throws {
        try withFamily(nice: 5) { pid in
            let family = ProcessFamily(of: pid)
            let sessions = family.members.filter { getsid($0) == $0 }
            #expect(sessions.count == 2)
            if let born = ProcessFamily.sessionNice(of: pid), geteuid() == 0 { #expect(born == 5, "as it was born") }
            // Two sessions at once are more than the kernel takes from one without privileges.
            try eventually(within: 5, "the kernel has taken it") { family.set(nice: 19) == 0 }
            #expect(family.members.map { ProcessFigures(pid: $0)?.nice } == [19, 19, 19])
            for session in sessions {
                if let nice = ProcessFamily.sessionNice(of: session) { #expect(nice == 19) }
            }
            #expect(ProcessFamily(of: 0x7FFF_FFFF).set(nice: 19) == ESRCH)
        }
    }

    @Test("the time that members used, also those that have ended, and the waits of every thread are told")
    func figures() throws {
        let shell = try ChildProcess(
            path: "/bin/sh",
            arguments: ["-c", "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; exec sleep 600"],
            environment: ["PATH": "/usr/bin:/bin"], descriptors: [nil, nil, nil], newSession: true)
        defer {
            shell.signal(SIGKILL)
            _ = shell.wait(timeoutSeconds: 5)
        }
        try eventually(within: 60, "the busy child has ended") {
            ProcessFamily(of: shell.pid).members == [shell.pid] && ProcessFigures(pid: shell.pid)?.state == "S"
                && ProcessFamily(of: shell.pid).cpuSeconds > 0.05
        }
        let waits = ProcessFamily(of: shell.pid).waits
        if access("/proc/self/schedstat", R_OK) == 0 { #expect(waits.count == 1 && (waits[shell.pid]?.turns ?? 0) > 0) }
        #expect(ProcessFamily(of: 0x7FFF_FFFF).cpuSeconds == 0)
    }
}
