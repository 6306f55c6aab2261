internal import Config
internal import FoundationEssentials
internal import Glibc
internal import Platform

/// One renderer over HTTP. Every call blocks, is bounded in time and bytes, and believes nothing it has not checked.
///
/// curl speaks: it has the TLS that the system keeps up to date. What it is told, the token above all, goes to its
/// standard input and never to its arguments, which everybody on the machine can read.
struct RendererClient: Sendable {
    private static let answerBytesMax = 1 << 20
    /// How slow a track may come, over half a minute.
    private static let bytesPerSecondMin = 4000

    let config: RendererConfig
    let address: RendererAddress
    private let environment: [String: String]

    /// Nil for an address that the configuration does not allow either.
    init?(config: RendererConfig, environment: [String: String]) {
        guard let address = RendererAddress(config.url) else { return nil }
        self.config = config
        self.address = address
        self.environment = environment
    }

    // MARK: - The contract

    func health(isCancelled: () -> Bool) throws(RendererError) -> RendererHealth {
        let health: RendererHealth = try decoded(
            try call("GET", "/v1/health", seconds: 10, isCancelled: isCancelled), as: RendererHealth.self)
        guard health.alive else { throw .garbage("it says that it is not alive") }
        // Without the token it tells of nothing else.
        guard health.backends != nil else { throw .tokenRefused }
        return health
    }

    func put(_ job: String, _ request: RenderJobRequest, isCancelled: () -> Bool) throws(RendererError) -> RenderJobView
    {
        guard let body = try? StationJSON.encode(request) else { throw .local("a job that JSON does not carry") }
        let answer = try call("PUT", "/v1/jobs/\(job)", body: body, seconds: 30, isCancelled: isCancelled)
        return try view(answer, of: job)
    }

    /// - Parameter waitSeconds: for so long the renderer may wait for news.
    func look(
        _ job: String, waitSeconds: Int, seen: Int?, isCancelled: () -> Bool
    ) throws(RendererError) -> RenderJobView {
        let since = seen.map { "&seen=\($0)" } ?? ""
        let answer = try call(
            "GET", "/v1/jobs/\(job)?wait=\(waitSeconds)\(since)", seconds: Double(waitSeconds) + 15,
            isCancelled: isCancelled)
        return try view(answer, of: job)
    }

    /// Forgets a job; one that is not there is no error.
    func forget(_ job: String, isCancelled: () -> Bool) throws(RendererError) {
        do throws(RendererError) {
            _ = try call("DELETE", "/v1/jobs/\(job)", seconds: 10, isCancelled: isCancelled)
        } catch {
            if error != .noSuchJob { throw error }
        }
    }

    /// Fetches what `path` lacks of a track yet; a part that is there stays, and is gone on from.
    /// - Throws: also when only some of it came; then the next call goes on.
    func fetch(
        _ track: RenderedFile, of job: String, to path: String, isCancelled: () -> Bool
    ) throws(RendererError) {
        let have = Self.bytes(of: path)
        var lines = try common(seconds: 3600)
        lines += [
            "fail", "output = \(Self.quoted(path))", "max-filesize = \(track.bytes)",
            "speed-limit = \(Self.bytesPerSecondMin)", "speed-time = 30",
            "url = \(Self.quoted("\(address.url)/v1/jobs/\(job)/tracks/\(track.id)"))",
        ]
        if have > 0 {
            lines += ["continue-at = \(have)", "header = \(Self.quoted("If-Range: \"\(track.sha256)\""))"]
        }
        // A server may say one length and send another: the file is watched while it grows.
        let isTooLong = { Self.bytes(of: path) > track.bytes }
        let answer: Answer
        do throws(RendererError) {
            answer = try run(lines, seconds: 3700, isCancelled: { isCancelled() || isTooLong() })
        } catch {
            if isTooLong() { throw .tooLong("a track of \(track.bytes) bytes") }
            throw error
        }
        if isTooLong() { throw .tooLong("a track of \(track.bytes) bytes") }
        guard answer.status == (have > 0 ? 206 : 200) else {
            unlink(path)
            throw .refused(status: answer.status, why: "it was asked for a track")
        }
    }

    static func bytes(of path: String) -> Int { (try? Files.stamp(path))??.bytes ?? 0 }

    // MARK: -

    struct Answer {
        var status: Int
        var retrySeconds: Double?
        var body: Data
    }

    private func call(
        _ method: String, _ path: String, body: Data? = nil, seconds: Double, isCancelled: () -> Bool
    ) throws(RendererError) -> Answer {
        var lines = try common(seconds: seconds)
        lines += [
            "request = \(method)", "max-filesize = \(Self.answerBytesMax)", "url = \(Self.quoted(address.url + path))",
        ]
        if let body {
            // It begins with a brace: curl takes what begins with @ for the name of a file.
            lines.append("data-binary = \(Self.quoted(String(decoding: body, as: UTF8.self)))")
            lines += ["header = \"Content-Type: application/json\"", "header = \"Expect:\""]
        }
        let answer = try run(lines, seconds: seconds + 5, isCancelled: isCancelled)
        switch answer.status {
        case 200, 202, 204: return answer
        case 300...399: throw .redirected(status: answer.status)
        case 401, 403: throw .tokenRefused
        case 404: throw .noSuchJob
        case 409: throw .otherJob
        case 429: throw .busy(retrySeconds: min(max(answer.retrySeconds ?? 15, 1), 600), why: sentence(answer))
        default: throw .refused(status: answer.status, why: sentence(answer))
        }
    }

    private func common(seconds: Double) throws(RendererError) -> [String] {
        let token: Secret?
        do throws(ConfigError) { token = try config.token(environment: environment) } catch {
            throw .local("\(error)")
        }
        var lines = [
            "silent", "show-error", "globoff", "noproxy = \"*\"", "connect-timeout = 5", "max-time = \(Int(seconds))",
            "proto = \"=\(address.isSecure ? "https" : "http")\"",
            "write-out = \"\\n%{http_code} %header{retry-after}\"",
        ]
        if let token { lines.append("header = \(Self.quoted("Authorization: Bearer \(token.revealed)"))") }
        if let file = config.certificateFile { lines.append("cacert = \(Self.quoted(file))") }
        return lines
    }

    private func run(_ lines: [String], seconds: Double, isCancelled: () -> Bool) throws(RendererError) -> Answer {
        let said: ToolOutput
        do throws(ToolError) {
            let curl = try Tool("curl", searchPath: environment["PATH"] ?? "")
            said = try curl.run(
                // -q: what the operator's ~/.curlrc says is not meant for this.
                ["-q", "--config", "-"], input: .bytes(Array(lines.joined(separator: "\n").utf8)),
                limits: ToolLimits(seconds: seconds, stdoutBytesMax: Self.answerBytesMax + 4096),
                isCancelled: isCancelled)
        } catch { throw Self.named(error) }
        guard let end = said.stdout.lastIndex(of: UInt8(ascii: "\n")) else { throw .garbage("no status") }
        let words = String(decoding: said.stdout[(end + 1)...], as: UTF8.self).split(separator: " ")
        guard let status = words.first.flatMap({ Int($0) }) else { throw .garbage("no status") }
        return Answer(
            status: status, retrySeconds: words.dropFirst().first.flatMap { Double($0) },
            body: Data(said.stdout[..<end]))
    }

    private static func named(_ error: ToolError) -> RendererError {
        switch error {
        case .cancelled: return .cancelled
        case .timedOut: return .tooSlow
        case .tooMuchOutput: return .tooLong("an answer")
        case .failed(_, _, .code(let code), let lines):
            // curl: (7) Failed to connect to ...
            let why = (lines.last ?? "").split(separator: ") ", maxSplits: 1).last.map(String.init) ?? "curl \(code)"
            switch code {
            case 22:
                let status = why.split(separator: " ").last.flatMap { Int($0) } ?? 0
                return status == 404 ? .noSuchJob : .refused(status: status, why: "it was asked for a track")
            case 28: return .tooSlow
            case 63: return .tooLong("an answer, or a track of another length")
            case 35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 83, 90, 91: return .untrusted(why)
            case 23: return .local("a track cannot be written: \(why)")
            default: return .unreachable(why)
            }
        default: return .local("\(error)")
        }
    }

    private func decoded<Value: Decodable>(_ answer: Answer, as type: Value.Type) throws(RendererError) -> Value {
        guard let value = try? StationJSON.decode(type, from: answer.body) else {
            throw .garbage(Self.printable(answer.body))
        }
        return value
    }

    /// A job as it is told, checked against what was asked for.
    private func view(_ answer: Answer, of job: String) throws(RendererError) -> RenderJobView {
        let view = try decoded(answer, as: RenderJobView.self)
        let isSound = view.tracks.allSatisfy { track in
            track.bytes > 0 && track.sha256.utf8.count == 64
                && track.sha256.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        }
        guard view.id == job, isSound else { throw .garbage("the state of another job, or a track without bytes") }
        return view
    }

    private func sentence(_ answer: Answer) -> String {
        let refusal = try? StationJSON.decode(RenderRefusal.self, from: answer.body)
        return refusal.map { Self.printable(Data($0.error.utf8)) } ?? Self.printable(answer.body)
    }

    /// What a stranger says, fit for a log.
    private static func printable(_ bytes: Data) -> String {
        let text = String(decoding: bytes.prefix(300), as: UTF8.self)
        let shown = String(
            String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
        return shown.isEmpty ? "nothing" : shown
    }

    /// As curl's configuration spells a value.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }
}
