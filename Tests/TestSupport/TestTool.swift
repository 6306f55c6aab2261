import FoundationEssentials
import Glibc
public import Platform

/// An outside program a test uses.
public enum TestTool {
    /// Where `name` is: in PATH, or where systems keep their daemons; nil when it is not installed.
    public static func path(of name: String) -> String? {
        let searched = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map(
            String.init)
        return (searched + ["/usr/local/sbin", "/usr/sbin", "/sbin"])
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// True when ffmpeg is installed: for `.enabled(if:)`.
    public static var hasFFmpeg: Bool { path(of: "ffmpeg") != nil }

    /// What a test that cannot run without ffmpeg says when it is skipped.
    public static let needsFFmpeg = "needs ffmpeg (apt install ffmpeg)"

    /// Runs `name` to its end.
    /// - Returns: how it ended, and the last 64 KiB of what it wrote to standard error.
    /// - Throws: `TestToolFailure` when it is not installed, or still runs after `timeoutSeconds` (it is killed then).
    @discardableResult
    public static func run(
        _ name: String, _ arguments: [String], directory: String? = nil, timeoutSeconds: Double = 120
    ) throws -> (exit: ProcessExit, errors: String) {
        guard let program = path(of: name) else { throw TestToolFailure(tool: name, trouble: "is not installed") }
        return try withTemporaryDirectory { scratch in
            // A file and not a pipe: nobody has to empty it, however much the program has to say.
            let errors = try FileDescriptor.open("\(scratch)/errors", O_RDWR | O_CREAT)
            let child = try ChildProcess(
                path: program, arguments: arguments, environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"],
                directory: directory, descriptors: [nil, nil, errors.number])
            guard let exit = child.wait(timeoutSeconds: timeoutSeconds) else {
                child.signal(SIGKILL)
                _ = child.wait(timeoutSeconds: 5)
                throw TestToolFailure(tool: name, trouble: "still ran after \(timeoutSeconds) s")
            }
            lseek(errors.number, max(0, lseek(errors.number, 0, SEEK_END) - 65_536), SEEK_SET)
            return (exit, String(decoding: try errors.read(upTo: 65_536), as: UTF8.self))
        }
    }
}

/// An outside program that did not do what the test needs of it.
public struct TestToolFailure: Error, CustomStringConvertible {
    public let tool: String
    public let trouble: String

    public init(tool: String, trouble: String) {
        self.tool = tool
        self.trouble = trouble
    }

    public var description: String { "\(tool) \(trouble)" }
}
