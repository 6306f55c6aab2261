import FoundationEssentials
import Glibc
import Platform
import Synchronization

/// A real RTMP server (nginx with its RTMP module) on loopback, as the station's far end.
/// It takes what is published to its application `live` and records all of it as FLV files.
public final class RTMPServer: Sendable {
    /// Where RTMP is accepted on 127.0.0.1.
    public let port: Int
    /// Holds the configuration, the logs and the recordings.
    public let directory: String
    private let statisticsPort: Int
    private let state = Mutex<State>(State())

    private struct State {
        var process: ChildProcess?
        /// Each life records into a directory of its own, so that no restart can overwrite a recording.
        var lives = 0
    }

    fileprivate init(directory: String) throws {
        port = try Loopback.freePort()
        statisticsPort = try Loopback.freePort()
        self.directory = directory
    }

    /// Where to publish under `key`.
    public func url(key: String = "test") -> String { "rtmp://127.0.0.1:\(port)/live/\(key)" }

    /// Its process, while it runs.
    public var pid: Int32? { state.withLock { $0.process?.pid } }

    /// True while somebody publishes under `key` and what they send arrives. False when the server is dead or frozen.
    public func isPublishing(key: String = "test") -> Bool {
        guard let page = Loopback.get(port: statisticsPort, path: "/stat") else { return false }
        let dense = page.filter { !$0.isWhitespace }
        return dense.text(between: "<stream><name>\(key)</name>", and: "</stream>")?.contains("<publishing/>") ?? false
    }

    /// Ends it at once, with SIGKILL. Connections break; what was recorded stays. No harm when it is dead already.
    public func kill() {
        guard let process = state.withLock({ $0.process.take() }) else { return }
        process.signal(SIGKILL)
        _ = process.wait(timeoutSeconds: 5)
    }

    /// Starts it again on the same port, after a `kill` or in its place, and waits until it accepts.
    public func restart() throws {
        kill()
        try start()
    }

    /// Stops it where it stands: connections stay open and nothing is answered.
    public func freeze() { state.withLock { _ = $0.process?.signal(SIGSTOP) } }

    /// Lets it go on after `freeze`.
    public func thaw() { state.withLock { _ = $0.process?.signal(SIGCONT) } }

    /// The FLV files it has recorded, oldest first. The last one may still grow. A publisher that comes back has a
    /// file of its own, unless it was gone for less than a second: then its file goes on.
    public func recordings(key: String = "test") -> [String] {
        let lives = state.withLock { $0.lives }
        return (0..<lives).flatMap { life -> [String] in
            let folder = recordingDirectory(life: life + 1)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.filter { $0.hasPrefix("\(key)-") && $0.hasSuffix(".flv") }.sorted().map { "\(folder)/\($0)" }
        }
    }

    /// The end of its log, for a test that wonders.
    public func log() -> String {
        guard let data = FileManager.default.contents(atPath: "\(directory)/error.log") else { return "" }
        return String(decoding: data.suffix(16_384), as: UTF8.self)
    }

    fileprivate func start() throws {
        guard let nginx = TestTool.path(of: "nginx"), let module = Self.module else {
            throw TestToolFailure(tool: "nginx", trouble: Self.needs)
        }
        let life = state.withLock { state in
            state.lives += 1
            return state.lives
        }
        try FileManager.default.createDirectory(
            atPath: recordingDirectory(life: life), withIntermediateDirectories: true)
        let path = "\(directory)/nginx.conf"
        try Data(configuration(module: module, life: life).utf8).write(to: URL(filePath: path))
        let log = "\(directory)/error.log"
        let errors = try FileDescriptor.open(log, O_WRONLY | O_CREAT | O_APPEND)
        let process = try ChildProcess(
            path: nginx, arguments: ["-p", directory, "-c", path, "-e", log], environment: ["PATH": "/usr/bin:/bin"],
            directory: directory, descriptors: [nil, errors.number, errors.number], newSession: true)
        state.withLock { $0.process = process }
        try eventually(within: 30, "nginx accepts RTMP on port \(port)") {
            if let exit = process.reap() {
                throw TestToolFailure(tool: "nginx", trouble: "ended at once (\(exit)): \(self.log())")
            }
            return Loopback.accepts(port: port) && Loopback.accepts(port: statisticsPort)
        }
    }

    private func recordingDirectory(life: Int) -> String { "\(directory)/recordings/life-\(life)" }

    /// One process and no daemon, so that its pid is all there is to kill; every path inside `directory`, so that
    /// nobody has to be root.
    private func configuration(module: String, life: Int) -> String {
        """
        load_module \(module);
        daemon off;
        master_process off;
        worker_processes 1;
        pid \(directory)/nginx.pid;
        lock_file \(directory)/nginx.lock;
        error_log \(directory)/error.log notice;
        events { worker_connections 64; }
        rtmp {
            access_log off;
            server {
                listen 127.0.0.1:\(port);
                chunk_size 4096;
                application live {
                    live on;
                    record all;
                    record_path \(recordingDirectory(life: life));
                    record_unique on;
                    record_append on;
                }
            }
        }
        http {
            access_log off;
            client_body_temp_path \(directory)/body;
            proxy_temp_path \(directory)/proxy;
            fastcgi_temp_path \(directory)/fastcgi;
            uwsgi_temp_path \(directory)/uwsgi;
            scgi_temp_path \(directory)/scgi;
            server {
                listen 127.0.0.1:\(statisticsPort);
                location /stat { rtmp_stat all; }
            }
        }
        """
    }

    private static var module: String? {
        ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules"]
            .map { "\($0)/ngx_rtmp_module.so" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }

    /// True when nginx and its RTMP module are installed: for `.enabled(if:)`.
    public static var isInstalled: Bool { TestTool.path(of: "nginx") != nil && module != nil }

    /// What a test that cannot run without it says when it is skipped.
    public static let needs = "needs nginx with its RTMP module (apt install nginx libnginx-mod-rtmp)"
}

/// Runs `body` with a server that accepts, and afterwards ends it and removes its directory.
public func withRTMPServer<Result>(_ body: (RTMPServer) throws -> Result) throws -> Result {
    try withTemporaryDirectory { directory in
        let server = try startedServer(in: directory)
        defer { server.kill() }
        return try body(server)
    }
}

/// As the other `withRTMPServer`, for a body that has to await.
public func withRTMPServer<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (RTMPServer) async throws -> sending Result
) async throws -> sending Result {
    try await withTemporaryDirectory { directory in
        let server = try startedServer(in: directory)
        defer { server.kill() }
        return try await body(server)
    }
}

/// A free port can be taken by another test before nginx has it: then it tries others.
private func startedServer(in directory: String) throws -> RTMPServer {
    var attempt = 0
    while true {
        attempt += 1
        let server = try RTMPServer(directory: directory)
        do {
            try server.start()
            return server
        } catch {
            server.kill()
            if attempt == 3 { throw error }
        }
    }
}

extension String {
    /// What stands between the first `start` and the `end` after it.
    fileprivate func text(between start: String, and end: String) -> Substring? {
        guard let opening = firstRange(of: start) else { return nil }
        let rest = self[opening.upperBound...]
        guard let closing = rest.firstRange(of: end) else { return nil }
        return rest[..<closing.lowerBound]
    }
}
