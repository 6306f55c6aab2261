internal import FlyingFox
internal import FlyingSocks
internal import FoundationEssentials

/// From a request to its response: the whole surface of the dashboard on one screen.
struct Endpoints: HTTPHandler {
    let hosts: HostRule
    let page: PageFiles
    let hls: HLSFiles
    let hub: StatusHub

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
        var response = respond(to: request)
        for (header, value) in Self.headers where response.headers[header] == nil { response.headers[header] = value }
        if request.method == .HEAD, case .httpBody(let body) = response.payload {
            // The length of what GET would answer; an event stream has none.
            response.payload = .httpBody(HTTPBodySequence(data: Data()))
            if let count = body.count { response.headers[.contentLength] = "\(count)" }
        }
        return response
    }

    private func respond(to request: HTTPRequest) -> HTTPResponse {
        guard let host = request.headers[.host] else { return text(.badRequest, "a Host header is needed") }
        guard hosts.allows(host) else {
            return text(
                .misdirectedRequest, "this dashboard does not answer to that name; use its address or localhost")
        }
        guard request.method == .GET || request.method == .HEAD else {
            var refused = text(.methodNotAllowed, "only GET and HEAD")
            refused.headers[HTTPHeader("Allow")] = "GET, HEAD"
            return refused
        }
        guard (request.bodySequence.count ?? 1) == 0 else {
            return text(.payloadTooLarge, "no request has a body here")
        }
        // The path as it was sent, so that no decoding or tidying makes another one of it.
        let path = request.target.path()
        guard path.utf8.count <= 1024 else { return text(.uriTooLong, "that address is too long") }
        switch path {
        case "/healthz": return text(.ok, "ok")
        case "/api/v1/status": return status()
        case "/api/v1/events": return request.method == .HEAD ? events(nil) : events(hub.subscribe())
        default: break
        }
        if path.hasPrefix("/hls/") { return hlsFile(String(path.dropFirst(5))) }
        guard let file = page[path] else { return text(.notFound, "there is no such page") }
        return data(.ok, file.type, file.data)
    }

    private func status() -> HTTPResponse {
        let json = hub.reading.json
        return data(json == nil ? .serviceUnavailable : .ok, "application/json", json ?? StatusHub.awayJSON)
    }

    private func events(_ stream: AsyncStream<[UInt8]>?) -> HTTPResponse {
        guard let stream else {
            var busy = text(.serviceUnavailable, "too many listen to events already")
            busy.headers[HTTPHeader("Retry-After")] = "5"
            return busy
        }
        return HTTPResponse(
            statusCode: .ok, headers: [.contentType: "text/event-stream", HTTPHeader("X-Accel-Buffering"): "no"],
            body: HTTPBodySequence(from: EventStream(events: stream)))
    }

    private func hlsFile(_ name: String) -> HTTPResponse {
        guard let type = HLSFiles.contentType(of: name), let bytes = hls.contents(of: name) else {
            return text(.notFound, "there is no such file in the stream now")
        }
        return data(.ok, type, bytes)
    }

    private func text(_ code: HTTPStatusCode, _ sentence: String) -> HTTPResponse {
        data(code, "text/plain; charset=utf-8", Data("\(sentence)\n".utf8))
    }

    private func data(_ code: HTTPStatusCode, _ type: String, _ bytes: Data) -> HTTPResponse {
        HTTPResponse(
            statusCode: code, headers: [.contentType: type],
            body: HTTPBodySequence(data: bytes, suggestedBufferSize: 64 << 10))
    }

    /// On every answer. Nothing is stored: the status ages in a second, and an encoder that restarts may use the
    /// name of a segment again.
    private static let headers: [(HTTPHeader, String)] = [
        (
            HTTPHeader("Content-Security-Policy"),
            """
            default-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; \
            form-action 'none'; frame-ancestors 'none'
            """
        ),
        (HTTPHeader("X-Content-Type-Options"), "nosniff"),
        (.cacheControl, "no-store"),
        (HTTPHeader("Referrer-Policy"), "no-referrer"),
        (HTTPHeader("Cross-Origin-Resource-Policy"), "same-origin"),
        (HTTPHeader("Cross-Origin-Opener-Policy"), "same-origin"),
    ]
}
