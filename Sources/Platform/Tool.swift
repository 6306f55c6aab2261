internal import Glibc

/// A short-lived command-line tool (`ffmpeg`, `ffprobe`, `sha256sum`), found once and run as often as needed.
///
/// Every run is a session of its own, so that a time limit or a cancellation ends whatever the tool started too.
public struct Tool: Sendable {
    /// As it was asked for.
    public let name: String
    /// The executable.
    public let path: String
    private let environment: [String: String]

    /// Finds the tool.
    /// - Parameters:
    ///   - name: searched in `searchPath`; a name with a slash is a path and is taken as it is.
    ///   - searchPath: directories between colons, as in PATH. Relative ones are passed over.
    ///   - package: the Debian package that has it, for the error's text.
    ///   - environment: what the tool needs beside PATH and the locale.
    /// - Throws: `.missing`.
    public init(
        _ name: String, searchPath: String, package: String? = nil, environment: [String: String] = [:]
    ) throws(ToolError) {
        let candidates =
            name.contains("/")
            ? [name] : searchPath.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
        guard let path = candidates.first(where: Self.isExecutableFile) else {
            throw .missing(tool: name, package: package ?? name)
        }
        self.name = name
        self.path = path
        // A fixed locale: the tool's words are parsed.
        self.environment = environment.merging(["PATH": searchPath, "LC_ALL": "C"]) { $1 }
    }

    /// Runs the tool to its end and returns what it said. Blocks; takes standard input, output and error at the same
    /// time, so that no full pipe can hold either side up. All closures are called on this thread.
    /// - Parameters:
    ///   - secrets: strings that no error may show, neither among the arguments nor in what the tool said.
    ///   - feed: with input `.pieces`, the next bytes of standard input; nil is their end.
    ///   - heard: given standard output as it comes; it is returned as a whole too.
    ///   - isCancelled: asked at least ten times a second, as far as `feed` and `heard` let it.
    /// - Throws: `.failed` for any end but exit 0, `.timedOut`, `.cancelled`, `.tooMuchOutput`, `.couldNotRun`.
    public func run(
        _ arguments: [String], input: ToolInput = .nothing, limits: ToolLimits = ToolLimits(), nice: Int32 = 0,
        secrets: [String] = [], feed: () -> [UInt8]? = { nil }, heard: ([UInt8]) -> Void = { _ in },
        isCancelled: () -> Bool = { false }
    ) throws(ToolError) -> ToolOutput {
        if isCancelled() { throw .cancelled(tool: name) }
        let shown = arguments.map { Redaction.hide(secrets, in: $0) }
        var life: ToolLife
        do throws(SystemError) {
            life = try ToolLife(
                path: path, arguments: arguments, environment: environment, input: input, limits: limits, nice: nice)
        } catch { throw .couldNotRun(tool: name, why: error) }

        let ending: ToolLife.Ending
        do throws(SystemError) {
            ending = try life.runToItsEnd(limits: limits, feed: feed, heard: heard, isCancelled: isCancelled)
        } catch {
            life.kill()
            throw .couldNotRun(tool: name, why: error)
        }
        switch ending {
        case .exited(.code(0)): return ToolOutput(stdout: life.stdout, stderr: life.stderr.bytes)
        case .exited(let exit):
            let lines = Self.lastLines(of: life.stderr.bytes).map { Redaction.hide(secrets, in: $0) }
            throw .failed(tool: name, arguments: shown, exit: exit, lastLines: lines)
        case .timedOut: throw .timedOut(tool: name, arguments: shown, limitSeconds: limits.seconds)
        case .cancelled: throw .cancelled(tool: name)
        case .tooMuchOutput: throw .tooMuchOutput(tool: name, limitBytes: limits.stdoutBytesMax)
        }
    }

    private static func isExecutableFile(_ path: String) -> Bool {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return false }
        return access(path, X_OK) == 0
    }

    private static func lastLines(of bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self)
            .split(whereSeparator: \.isNewline)
            .filter { $0.contains { !$0.isWhitespace } }
            .suffix(6)
            .map { $0.count > 300 ? $0.prefix(300) + " ..." : String($0) }
    }
}

/// What a tool reads as its standard input.
public enum ToolInput: Sendable {
    case nothing
    /// Fed through a socket, closed after the last byte. A tool that stops reading early is no error.
    case bytes([UInt8])
    /// The same, of what the run's `feed` gives.
    case pieces
    /// Handed to the tool as it is.
    case descriptor(FileDescriptor)
}

/// The bounds of one run of a tool.
public struct ToolLimits: Sendable, Hashable {
    /// Wall-clock seconds; then the whole group is killed.
    public var seconds: Double
    /// More standard output than this is an error.
    public var stdoutBytesMax: Int
    /// Of standard error the last bytes are kept, at least this many where there were as many.
    public var stderrBytesKept: Int

    public init(seconds: Double = 120, stdoutBytesMax: Int = 8 << 20, stderrBytesKept: Int = 64 << 10) {
        self.seconds = seconds
        self.stdoutBytesMax = stdoutBytesMax
        self.stderrBytesKept = stderrBytesKept
    }
}

/// What a tool said before it ended well.
public struct ToolOutput: Sendable {
    public let stdout: [UInt8]
    /// The last part, within the limit.
    public let stderr: [UInt8]

    public var stdoutText: String { String(decoding: stdout, as: UTF8.self) }
    public var stderrText: String { String(decoding: stderr, as: UTF8.self) }
    public var stderrLines: [String] { stderrText.split(whereSeparator: \.isNewline).map(String.init) }
}

/// Why a tool gave no result. No case shows a secret that the run was told of.
public enum ToolError: Error, Sendable, Equatable, CustomStringConvertible {
    case missing(tool: String, package: String)
    case couldNotRun(tool: String, why: SystemError)
    case failed(tool: String, arguments: [String], exit: ProcessExit, lastLines: [String])
    case timedOut(tool: String, arguments: [String], limitSeconds: Double)
    case cancelled(tool: String)
    case tooMuchOutput(tool: String, limitBytes: Int)
    /// It ended well, but what it said is no answer.
    case unexpectedOutput(tool: String, said: String)

    public var description: String {
        switch self {
        case .missing(let tool, let package): "\(tool) is missing: install it with apt install \(package)"
        case .couldNotRun(let tool, let why): "\(tool) could not be run: \(why)"
        case .failed(let tool, let arguments, let exit, let lastLines):
            "\(tool) ended with \(exit)"
                + (lastLines.isEmpty ? " and said nothing" : ": \(lastLines.joined(separator: " | "))")
                + " (\(Self.commandLine(tool, arguments)))"
        case .timedOut(let tool, let arguments, let limitSeconds):
            "\(tool) was still running after \(limitSeconds) s and was killed (\(Self.commandLine(tool, arguments)))"
        case .cancelled(let tool): "\(tool) was stopped on request"
        case .tooMuchOutput(let tool, let limitBytes): "\(tool) wrote more than \(limitBytes) bytes and was killed"
        case .unexpectedOutput(let tool, let said): "\(tool) gave no answer but '\(said.prefix(300))'"
        }
    }

    private static func commandLine(_ tool: String, _ arguments: [String]) -> String {
        let line = ([tool] + arguments).joined(separator: " ")
        return line.count > 1000 ? line.prefix(1000) + " ..." : line
    }
}

private enum Redaction {
    static func hide(_ secrets: [String], in text: String) -> String {
        var text = text
        for secret in secrets where !secret.isEmpty {
            while let place = text.firstRange(of: secret) { text.replaceSubrange(place, with: "[hidden]") }
        }
        return text
    }
}
