import Domain
import Foundation
import Glibc
import IPC
import Platform
import Synchronization
import TestSupport
import Testing

/// `lofisup ctl` as an operator runs it, against a socket with a fake station behind it.
@Suite(.serialized)
struct CommandLineTests {
    @Test("a change is waited for, and its outcome is the exit status")
    func outcomes() throws {
        try withStation(Orders().answer) { root in
            let done = try Command(["ctl", "restart", "feeder"] + root)
            #expect(done.exit == .code(0), "\(done.errors)")
            #expect(done.output == "feeder: running\n")
            let failed = try Command(["ctl", "start", "generator/2"] + root)
            #expect(failed.exit == .code(1))
            #expect(failed.errors == "lofisup: generator/2: died again\n")
            let slow = try Command(["ctl", "stop", "dashboard", "--timeout", "0.4"] + root)
            #expect(slow.exit == .code(75))
            #expect(slow.errors.contains("not finished after 0.4 s, it goes on: dashboard: stopping; operation 3"))
            let left = try Command(["ctl", "stop", "dashboard", "--no-wait"] + root)
            #expect(left.exit == .code(0))
            #expect(left.output == "dashboard: stopping; operation 4, see `lofisup ctl events`\n")
            let refused = try Command(["ctl", "scale", "generator", "9", "--json"] + root)
            #expect(refused.exit == .code(1))
            #expect(refused.errors == "lofisup: two cores bear two generators\n")
            let told = try Command(["ctl", "resume", "feeder", "--json", "--if-generation", "7"] + root)
            let status = try StationJSON.decode(OperationStatus.self, from: Data(told.output.utf8))
            #expect(status == OperationStatus(operation: 5, state: .done, outcome: "feeder: running at 7"))
        }
    }

    @Test("wrong words end with 64 before anybody is asked, and an absent station with 69")
    func unasked() throws {
        try withTemporaryDirectory { root in
            for words in [
                ["stop"], ["stop", "nonsense"], ["stop", "generator/0"], ["scale", "feeder", "2"],
                ["scale", "generator", "11"], ["why", "feeder", "--lines", "201"], ["logs", "-n", "0"],
                ["events", "--since", "-1"], ["reload", "--timeout", "-2"],
            ] {
                #expect(try Command(["ctl"] + words + ["--root", root]).exit == .code(64), "\(words)")
            }
            for words in [["status"], ["top"], ["why", "feeder"], ["logs", "-f"], ["plan"], ["shutdown"]] {
                let tried = try Command(["ctl"] + words + ["--root", root])
                #expect(tried.exit == .code(69), "\(words)")
                #expect(tried.errors.contains("no station answers on \(root)/run/lofisup.sock"))
            }
        }
    }

    @Test("a supervisor that stands still is said to, within seconds")
    func frozen() throws {
        try withTemporaryDirectory { root in
            try FileManager.default.createDirectory(atPath: root + "/run", withIntermediateDirectories: true)
            let listener = try UnixSocket.listen(at: root + "/run/lofisup.sock", mode: 0o600)
            let tried = try Command(["ctl", "why", "feeder", "--root", root])
            #expect(tried.exit == .code(69))
            #expect(tried.errors == "lofisup: the supervisor does not answer; see `systemctl status lofisup`\n")
            withExtendedLifetime(listener) {}
        }
    }

    @Test("a shutdown is done when the line ends")
    func shutdown() throws {
        let station = Mutex<FakeStation?>(nil)
        let answer: LineConnection.Handler = { method, _ in
            guard method == .shutdown else { throw method.isUnknownHere }
            NamedThread.start("end") {
                SystemClock().sleep(seconds: 0.3)
                station.withLock { $0?.end() }
            }
            return try IPC.JSONValue(encoding: OperationStatus(operation: 1, state: .running, outcome: "going down"))
        }
        try withTemporaryDirectory { root in
            try FileManager.default.createDirectory(atPath: root + "/run", withIntermediateDirectories: true)
            let made = try FakeStation(socket: root + "/run/lofisup.sock", answer: answer)
            station.withLock { $0 = made }
            let down = try Command(["ctl", "shutdown", "--root", root])
            #expect(down.exit == .code(0), "\(down.errors)")
            #expect(down.output == "the station is down\n")
        }
    }

    @Test("a plan that cannot be carried out ends with 78")
    func brokenPlan() throws {
        let problem = Mutex<String?>(nil)
        let answer: LineConnection.Handler = { _, _ in
            try IPC.JSONValue(encoding: ReloadPlan(steps: [], problem: problem.withLock { $0 }))
        }
        try withStation(answer) { root in
            let good = try Command(["ctl", "plan"] + root)
            #expect(good.exit == .code(0))
            #expect(good.output == "nothing would change\n")
            problem.withLock { $0 = "lofisup.toml:3: unknown key" }
            let bad = try Command(["ctl", "plan"] + root)
            #expect(bad.exit == .code(78))
            #expect(bad.errors.contains("lofisup.toml:3: unknown key"))
            #expect(bad.output == "")
            #expect(try Command(["ctl", "plan", "--json"] + root).output.contains("unknown key"))
        }
    }

    @Test("events are followed over a restart, an object a line, until somebody interrupts")
    func follow() throws {
        try withTemporaryDirectory { root in
            try FileManager.default.createDirectory(atPath: root + "/run", withIntermediateDirectories: true)
            let socket = root + "/run/lofisup.sock"
            let first = try FakeStation(socket: socket, answer: Self.page(upTo: 3, lost: 2))
            let out = try FileDescriptor.open(root + "/out", O_RDWR | O_CREAT)
            let err = try FileDescriptor.open(root + "/err", O_RDWR | O_CREAT)
            let child = try ChildProcess(
                path: Command.executable,
                arguments: ["ctl", "events", "--since", "0", "-f", "--json", "--root", root],
                environment: [:], descriptors: [nil, out.number, err.number], newSession: true)
            defer { child.signalGroup(SIGKILL) }
            func lines(_ name: String) throws -> [String] {
                let bytes = try Files.read("\(root)/\(name)", bytesMax: 1 << 20) ?? []
                return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            }
            try eventually(within: 10, "the first events are told") { try lines("out").count == 3 }
            first.end()
            try eventually(within: 10, "it is said that the supervisor went") { try lines("err").count == 2 }
            let second = try FakeStation(socket: socket, answer: Self.page(upTo: 5, lost: 0))
            defer { second.end() }
            try eventually(within: 10, "the others are told") { try lines("out").count == 5 }
            let numbers = try lines("out").map {
                try StationJSON.decode(FeedEntry.self, from: Data($0.utf8)).number
            }
            #expect(numbers == [1, 2, 3, 4, 5])
            child.signalGroup(SIGINT)
            #expect(child.wait(timeoutSeconds: 10) == .code(0))
            #expect(
                try lines("err") == [
                    "lofisup: 2 entries before this are not kept any more",
                    "lofisup: the supervisor went away: the other side has closed the connection; waiting for it",
                    "lofisup: the supervisor is back",
                ])
        }
    }

    @Test("a follower ends when nobody reads it any more")
    func readerGone() throws {
        try withTemporaryDirectory { root in
            try FileManager.default.createDirectory(atPath: root + "/run", withIntermediateDirectories: true)
            let station = try FakeStation(socket: root + "/run/lofisup.sock", answer: Self.page(upTo: 1, lost: 0))
            defer { station.end() }
            var pipe: (read: FileDescriptor, write: FileDescriptor)? = try FileDescriptor.pipe()
            let child = try ChildProcess(
                path: Command.executable, arguments: ["ctl", "logs", "-f", "--root", root], environment: [:],
                descriptors: [nil, pipe?.write.number, nil], newSession: true)
            defer { child.signalGroup(SIGKILL) }
            let told = try pipe?.read.read(upTo: 4096)
            #expect(told?.isEmpty == false)
            pipe = nil
            #expect(child.wait(timeoutSeconds: 10) == .code(0))
        }
    }

    @Test(
        "top draws a table without blanking the screen, ends at q, and gives the terminal back",
        .enabled(if: TestTool.path(of: "script") != nil, "needs script (apt install bsdutils)"))
    func top() throws {
        let status = StationStatus(
            version: "1", mode: .full, uptimeSeconds: 5, onAir: true, sentence: "on air: Monsoon Raga",
            workers: [WorkerStatus(name: "encoder", state: "running", pid: 4711)])
        let asked = Mutex(0)
        let answer: LineConnection.Handler = { _, _ in
            asked.withLock { $0 += 1 }
            return try IPC.JSONValue(encoding: status)
        }
        try withStation(answer) { root in
            let words = ([Command.executable, "ctl", "top"] + root).joined(separator: " ")
            let script = try #require(TestTool.path(of: "script"))
            let keys = try FileDescriptor.socketPair()
            let file = root[1] + "/typescript"
            let child = try ChildProcess(
                path: script, arguments: ["-qefc", "stty rows 12 cols 40; \(words); stty -a", file],
                environment: ["PATH": "/usr/bin:/bin", "TERM": "xterm"],
                descriptors: [keys.0.number, nil, nil], newSession: true)
            defer { child.signalGroup(SIGKILL) }
            try eventually(within: 10, "the table is drawn anew") { asked.withLock { $0 } >= 2 }
            try keys.1.write(all: Array("q".utf8))
            #expect(child.wait(timeoutSeconds: 10) == .code(0))
            let drawn = String(decoding: try Files.read(file, bytesMax: 1 << 20) ?? [], as: UTF8.self)
            let escape = "\u{1B}["
            #expect(drawn.contains("\(escape)?1049h\(escape)?25l"))
            #expect(
                drawn.contains("\(escape)Hlofisup 1, full, up 0:05\(escape)K\r\non air: Monsoon Raga\(escape)K\r\n"))
            #expect(!drawn.contains("\(escape)2J"))
            let after = drawn.components(separatedBy: "\(escape)?25h\(escape)?1049l")
            #expect(after.count == 2)
            #expect(after.last?.contains(" icanon") == true)
            #expect(after.last?.contains(" echo ") == true)
        }
    }

    @Test("the manual page names every command and every exit status")
    func manual() throws {
        let page = try Command(["man"]).output
        let names = [
            "run", "status", "doctor", "generate", "check\\-config", "init", "ctl top", "ctl why", "ctl logs",
            "ctl events", "ctl plan", "ctl start", "ctl stop", "ctl restart", "ctl pause", "ctl resume", "ctl scale",
            "ctl reload", "ctl shutdown",
        ]
        for name in names {
            let plain = name.replacing("\\", with: "")
            #expect(page.contains(".It Cm \(plain)") || page.contains(".It Cm \(name)"), "\(name)")
        }
        for status in [0, 1, 64, 69, 75, 78] { #expect(page.contains("\n.It \(status)\n")) }
        #expect(!page.contains("worker NAME"))
        if let groff = TestTool.path(of: "groff") {
            try withTemporaryDirectory { directory in
                try Data(page.utf8).write(to: URL(filePath: directory + "/lofisup.1"))
                let shown = try Tool(groff, searchPath: "/usr/bin:/bin").run(
                    ["-mdoc", "-Tascii", "-P-c", "-P-b", "-P-u", "-ww", directory + "/lofisup.1"])
                #expect(shown.stdoutText.contains("--if-generation"))
                #expect(shown.stderr.isEmpty)
            }
        }
    }

    @Test("bash completes commands, workers and options")
    func completion() throws {
        try withTemporaryDirectory { directory in
            let script = try Command(["--generate-completion-script", "bash"]).output
            try Data((script + Self.completions).utf8).write(to: URL(filePath: directory + "/try.bash"))
            let path = URL(filePath: Command.executable).deletingLastPathComponent().path
            let answer = try Tool("/bin/bash", searchPath: "/usr/bin:/bin").run([directory + "/try.bash", path])
            #expect(
                answer.stdoutText.split(separator: "\n") == [
                    "generator generator/2 generator/3 generator/4 generator/5 generator/6 generator/7 generator/8"
                        + " generator/9 generator/10",
                    "feeder", "logs", "--no-wait", "full generator-only feeder-only",
                ])
        }
    }

    private static let completions = """

        PATH="$1:$PATH"
        complete_words() {
            COMP_WORDS=("$@"); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _lofisup lofisup "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            echo "${COMPREPLY[*]}"
        }
        complete_words lofisup ctl stop gen
        complete_words lofisup ctl why f
        complete_words lofisup ctl lo
        complete_words lofisup ctl restart --no-w
        complete_words lofisup run --mode ""
        """

    private static func page(upTo last: Int, lost: Int) -> LineConnection.Handler {
        { _, parameters in
            let query = try parameters.decoded(as: FeedQuery.self)
            let since = query.since ?? last - 1
            if since >= last { SystemClock().sleep(seconds: min(query.waitSeconds, 1)) }
            let entries = (since..<max(since, last)).map {
                FeedEntry(number: $0 + 1, time: 0, worker: "encoder", kind: "info", text: "text")
            }
            return try IPC.JSONValue(encoding: FeedPage(entries: entries, lost: since == 0 ? lost : 0, next: last))
        }
    }

    private func withStation(_ answer: @escaping LineConnection.Handler, _ body: ([String]) throws -> Void) throws {
        try withTemporaryDirectory { root in
            try FileManager.default.createDirectory(atPath: root + "/run", withIntermediateDirectories: true)
            let station = try FakeStation(socket: root + "/run/lofisup.sock", answer: answer)
            defer { station.end() }
            try body(["--root", root])
        }
    }
}

/// Operations that end as the worker's name says.
private final class Orders: Sendable {
    private let workers = Mutex<[String]>([])

    @Sendable func answer(_ method: IPC.Method, _ parameters: IPC.JSONValue) throws -> IPC.JSONValue {
        switch method {
        case .start, .stop, .resume, .restart:
            let order = try parameters.decoded(as: WorkerOrder.self)
            let known = order.ifGeneration.map { " at \($0)" } ?? ""
            let number = workers.withLock { all in
                all.append(order.worker + ": running" + known)
                return all.count
            }
            return try IPC.JSONValue(
                encoding: OperationStatus(operation: number, state: .running, outcome: "\(order.worker): stopping"))
        case .wait:
            let wait = try parameters.decoded(as: WaitOrder.self)
            let outcome = workers.withLock { $0[wait.operation - 1] }
            var status = OperationStatus(operation: wait.operation, state: .done, outcome: outcome)
            if outcome.hasPrefix("generator/2") {
                status.state = .failed
                status.outcome = "generator/2: died again"
            } else if outcome.hasPrefix("dashboard") {
                SystemClock().sleep(seconds: wait.timeoutSeconds)
                status = OperationStatus(operation: wait.operation, state: .running, outcome: "dashboard: stopping")
            }
            return try IPC.JSONValue(encoding: status)
        case .scale: throw WireError.refused(code: 1, message: "two cores bear two generators")
        default: throw method.isUnknownHere
        }
    }
}
