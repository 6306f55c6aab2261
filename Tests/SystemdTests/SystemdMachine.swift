import FoundationEssentials
import Glibc
import Platform
import TestSupport

/// A real systemd as PID 1 of a throw-away copy of this machine, for one test. What it is made of is in `machine.sh`.
final class SystemdMachine {
    /// A directory that is the same inside and outside.
    let shared: String
    /// The machine's PID 1 as this process sees it.
    private let pid: Int32

    private init(shared: String, pid: Int32) {
        self.shared = shared
        self.pid = pid
    }

    /// Why no such machine can be had here; nil where it can. For `.enabled(if:)`.
    static let obstacle: String? = {
        guard let tried = try? bash(["check"], timeoutSeconds: 30) else { return "needs bash" }
        return tried.exit == .code(0) ? nil : tried.output
    }()

    /// Boots a machine, hands it to `body`, and ends everything in it. What it said goes to the test's output when
    /// `body` throws.
    static func run<Result>(_ body: (SystemdMachine) throws -> Result) throws -> Result {
        try withTemporaryDirectory { shared in
            let line = try FileDescriptor.pipe()
            let log = try FileDescriptor.open(shared + "/machine.log", O_WRONLY | O_CREAT)
            let process = try ChildProcess(
                path: "/bin/bash", arguments: [script, "boot", shared], environment: ["PATH": searchPath],
                descriptors: [line.read.number, log.number, log.number], newSession: true)
            defer {
                process.signal(SIGTERM)
                if process.wait(timeoutSeconds: 15) == nil { process.signalGroup(SIGKILL) }
                withExtendedLifetime(line.write) {}
            }
            func said() -> String { (try? String(contentsOfFile: shared + "/machine.log", encoding: .utf8)) ?? "" }
            var booted: Int32?
            try eventually(within: 90, "a machine boots", pollSeconds: 0.05) {
                if process.hasEnded { throw TestToolFailure(tool: "machine.sh", trouble: "ended at once: " + said()) }
                booted = (try? String(contentsOfFile: shared + "/pid", encoding: .utf8)).flatMap {
                    Int32($0.prefix { $0 != "\n" })
                }
                return booted != nil
            }
            let machine = SystemdMachine(shared: shared, pid: booted ?? 0)
            do {
                return try body(machine)
            } catch {
                print(said(), (try? machine.journal()) ?? "", separator: "\n")
                throw error
            }
        }
    }

    /// Runs a command inside, as root, to its end.
    /// - Returns: how it ended, and the last 4 MiB of what it wrote to both its outputs.
    /// - Throws: `TestToolFailure` when it still runs after `timeoutSeconds`; it is killed then.
    @discardableResult
    func run(_ command: String..., timeoutSeconds: Double = 60) throws -> (exit: ProcessExit, output: String) {
        try Self.bash(["enter", "\(pid)"] + command, timeoutSeconds: timeoutSeconds)
    }

    /// Runs lines of shell inside.
    /// - Returns: what they wrote, without white space at the end.
    /// - Throws: `TestToolFailure` with what they wrote when one of them fails.
    @discardableResult
    func shell(_ lines: String, timeoutSeconds: Double = 60) throws -> String {
        let done = try run("bash", "-euc", lines, timeoutSeconds: timeoutSeconds)
        guard done.exit == .code(0) else {
            throw TestToolFailure(tool: "bash", trouble: "ended with \(done.exit): \(lines)\n\(done.output)")
        }
        return done.output.trimmed
    }

    /// One property of a unit, as `systemctl show` has it.
    func property(_ name: String, of unit: String = "lofisup") throws -> String {
        try shell("systemctl show --value --property \(name) \(unit)")
    }

    /// What a unit, and systemd about it, has said.
    func journal(_ unit: String = "lofisup") throws -> String {
        try shell("journalctl --no-pager --output short-monotonic --unit \(unit)")
    }

    /// A path inside, as this process reaches it.
    func outside(_ path: String) -> String { "/proc/\(pid)/root" + path }

    private static let script = Repository.root + "/Tests/SystemdTests/machine.sh"
    private static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    private static func bash(
        _ arguments: [String], timeoutSeconds: Double
    ) throws -> (exit: ProcessExit, output: String) {
        try withTemporaryDirectory { scratch in
            let output = try FileDescriptor.open(scratch + "/output", O_RDWR | O_CREAT | O_APPEND)
            let child = try ChildProcess(
                path: "/bin/bash", arguments: [script] + arguments, environment: ["PATH": searchPath],
                descriptors: [nil, output.number, output.number], newSession: true)
            guard let exit = child.wait(timeoutSeconds: timeoutSeconds) else {
                child.signalGroup(SIGKILL)
                _ = child.wait(timeoutSeconds: 5)
                throw TestToolFailure(tool: "machine.sh", trouble: "still ran after \(timeoutSeconds) s: \(arguments)")
            }
            let length = lseek(output.number, 0, SEEK_END)
            lseek(output.number, max(0, length - 4 << 20), SEEK_SET)
            var text: [UInt8] = []
            while case let more = try output.read(upTo: 65_536), !more.isEmpty { text += more }
            return (exit, String(decoding: text, as: UTF8.self).trimmed)
        }
    }
}

/// The sources that this test was built from.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
}

extension String {
    /// Without white space at its end.
    var trimmed: String { String(reversed().drop { $0.isWhitespace }.reversed()) }
}
