internal import Backends
internal import FoundationEssentials
internal import HTTPServing
internal import Platform

/// From a request to its answer: the whole contract of a renderer on one screen. The page about it is README.md.
struct RenderEndpoints: WebHandler {
    static let waitSecondsMax = 30.0

    let token: TokenCheck
    /// Without a token a page elsewhere must not reach the renderer through a browser on this machine.
    let hosts: HostRule
    let board: JobBoard
    let health: @Sendable () -> RendererHealth
    let clock: any StationClock

    let bodyBytesMax = JobRules.bodyBytesMax

    func refusal(of head: WebRequest) -> WebAnswer? {
        if !token.isNeeded, !hosts.allows(head["host"] ?? "") {
            return refuse(.misdirectedRequest, "this renderer does not answer to that name without a token")
        }
        if head.path.utf8.count > 1024 { return refuse(.uriTooLong, "that address is too long") }
        if head.path == "/v1/health" { return nil }
        if !token.allows(head) {
            var refused = refuse(.unauthorized, "the token is missing or wrong: send Authorization: Bearer TOKEN")
            refused.headers["WWW-Authenticate"] = "Bearer"
            return refused
        }
        return nil
    }

    func answer(_ request: WebRequest) async -> WebAnswer {
        do {
            var answer = try await respond(to: request)
            answer.headers["Cache-Control"] = "no-store"
            answer.headers["X-Content-Type-Options"] = "nosniff"
            return answer
        } catch {
            Log.warning("\(request.method) \(request.path): \(error)")
            return refuse(.internalServerError, "the renderer failed: \(error)")
        }
    }

    private func respond(to request: WebRequest) async throws -> WebAnswer {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        let isReading = request.method == "GET" || request.method == "HEAD"
        switch (parts.count, parts.first) {
        case (2, "v1") where parts[1] == "health":
            guard isReading else { return notAllowed("GET, HEAD") }
            return try json(.ok, token.allows(request) ? health() : RendererHealth(alive: true))
        case (3, "v1") where parts[1] == "jobs" && JobRules.isName(parts[2]):
            switch request.method {
            case "PUT": return try put(parts[2], request.body)
            case "GET", "HEAD": return try await look(parts[2], request)
            case "DELETE":
                guard try board.forget(parts[2]) else { return unknownJob }
                return WebAnswer(.noContent, body: .data(Data()))
            default: return notAllowed("PUT, GET, HEAD, DELETE")
            }
        case (5, "v1") where parts[1] == "jobs" && parts[3] == "tracks":
            guard isReading else { return notAllowed("GET, HEAD") }
            return track(parts[2], parts[4], request)
        default: return refuse(.notFound, "there is no such address here")
        }
    }

    private func put(_ id: String, _ body: Data) throws -> WebAnswer {
        let wanted: RenderJobRequest
        do throws(JobRules.Objection) {
            wanted = try JobRules.request(from: body)
        } catch { return refuse(.unprocessableContent, error.sentence) }
        switch try board.put(id, wanted) {
        case .new, .same:
            guard let view = board.view(id) else { return unknownJob }
            return try json(.accepted, view)
        case .different: return refuse(.conflict, "there is a job \(id) already, and it asks for something else")
        case .full(let why):
            var busy = refuse(.tooManyRequests, why)
            busy.headers["Retry-After"] = "15"
            return busy
        }
    }

    /// With `wait`, answers when the job is over, when it has changed since version `seen`, or when the time is up.
    private func look(_ id: String, _ request: WebRequest) async throws -> WebAnswer {
        guard let first = board.view(id) else { return unknownJob }
        let seen = request.parameter("seen").map { Int($0) } ?? first.version
        guard let seen else { return refuse(.badRequest, "seen: must be a version") }
        var waitSeconds = 0.0
        if let text = request.parameter("wait") {
            guard let seconds = Double(text), seconds >= 0 else { return refuse(.badRequest, "wait: must be seconds") }
            waitSeconds = min(seconds, Self.waitSecondsMax)
        }
        if waitSeconds == 0 { return try json(.ok, first) }
        let deadline = clock.monotonicSeconds + waitSeconds
        let changes = board.changes()
        // Looked at again once it is watched, so that no change falls between the two.
        var view = board.view(id)
        var turns = changes.makeAsyncIterator()
        while let current = view, !current.state.isOver, current.version == seen, clock.monotonicSeconds < deadline {
            if await turns.next() == nil { break }
            view = board.view(id)
        }
        guard let view else { return unknownJob }
        return try json(.ok, view)
    }

    private func track(_ job: String, _ item: String, _ request: WebRequest) -> WebAnswer {
        guard JobRules.isName(job), JobRules.isName(item), let track = board.track(job: job, item: item) else {
            return refuse(.notFound, "there is no such track, or not yet")
        }
        let (bytes, tag) = (track.facts.bytes, "\"\(track.facts.sha256)\"")
        var headers = ["Content-Type": "application/octet-stream", "ETag": tag, "Accept-Ranges": "bytes"]
        // A part of another file is of no use to whoever has the beginning of this one.
        let isSame = request["if-range"].map { $0 == tag } ?? true
        switch ByteRange(header: isSame ? request["range"] : nil, bytes: bytes) {
        case .whole: return WebAnswer(.ok, headers: headers, body: .file(track.file, range: 0..<bytes))
        case .part(let range):
            headers["Content-Range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes)"
            return WebAnswer(.partialContent, headers: headers, body: .file(track.file, range: range))
        case .unsatisfiable:
            var refused = refuse(.rangeNotSatisfiable, "the track has \(bytes) bytes")
            refused.headers["Content-Range"] = "bytes */\(bytes)"
            return refused
        }
    }

    private var unknownJob: WebAnswer { refuse(.notFound, "there is no such job") }

    private func notAllowed(_ methods: String) -> WebAnswer {
        var refused = refuse(.methodNotAllowed, "only \(methods)")
        refused.headers["Allow"] = methods
        return refused
    }

    private func refuse(_ status: WebStatus, _ sentence: String) -> WebAnswer {
        let body = (try? StationJSON.encode(RenderRefusal(error: sentence))) ?? Data()
        return .data(status, "application/json", body)
    }

    private func json(_ status: WebStatus, _ value: some Encodable) throws -> WebAnswer {
        .data(status, "application/json", try StationJSON.encode(value))
    }
}
