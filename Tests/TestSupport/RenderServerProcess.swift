import Foundation
import Glibc
public import Platform
import Synchronization

/// A real `lofisup render-server`, which a test may kill and start again.
public final class RenderServerProcess: Sendable {
    public static let token = "the-token-of-a-renderer-under-test"

    public let root: String
    public let port: Int
    private let life = Mutex<ChildProcess?>(nil)

    /// Runs one in `root`, whose directory is made, for as long as `body` lasts.
    /// - Parameter settings: of `[render_server]`, and whatever sections may follow.
    public static func run<Result>(
        root: String, settings: String = "", _ body: (RenderServerProcess) throws -> Result
    ) throws -> Result {
        let server = RenderServerProcess(root: root, port: try Loopback.freePort())
        try FileManager.default.createDirectory(atPath: root + "/config", withIntermediateDirectories: true)
        try Data("\(token)\n".utf8).write(to: URL(filePath: server.tokenFile))
        _ = chmod(server.tokenFile, 0o600)
        let text = "[render_server]\nport = \(server.port)\ntoken_file = \"\(server.tokenFile)\"\n\(settings)\n"
        try text.write(toFile: root + "/config/lofisup.toml", atomically: true, encoding: .utf8)
        try server.start()
        defer { server.end() }
        do {
            return try body(server)
        } catch {
            print("the log of the renderer in \(root):\n" + server.log)
            throw error
        }
    }

    private init(root: String, port: Int) {
        self.root = root
        self.port = port
    }

    public var url: String { "http://127.0.0.1:\(port)" }
    public var tokenFile: String { root + "/token" }
    public var log: String { (try? String(contentsOfFile: root + "/log", encoding: .utf8)) ?? "" }

    /// Starts it, and waits until it answers.
    public func start() throws {
        let log = try FileDescriptor.open(root + "/log", O_WRONLY | O_CREAT | O_APPEND)
        let process = try ChildProcess(
            path: Command.executable, arguments: ["render-server", "--root", root],
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": root],
            descriptors: [nil, log.number, log.number], newSession: true)
        life.withLock { $0 = process }
        try eventually(within: 20, "the render server answers") { Loopback.accepts(port: port) }
    }

    /// SIGKILL, and the end of it.
    public func kill() { end(SIGKILL) }

    /// SIGTERM; how it ended, nil when it did not.
    @discardableResult
    public func stop() -> ProcessExit? { end(SIGTERM) }

    public func signal(_ number: Int32) { life.withLock { $0 }?.signalGroup(number) }

    @discardableResult
    private func end(_ number: Int32 = SIGTERM) -> ProcessExit? {
        guard let process = life.withLock({ $0 }) else { return nil }
        process.signal(number)
        let exit = process.wait(timeoutSeconds: 20)
        process.signalGroup(SIGKILL)
        if exit == nil { _ = process.wait(timeoutSeconds: 5) }
        life.withLock { $0 = nil }
        return exit
    }
}
