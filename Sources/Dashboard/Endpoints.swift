internal import FoundationEssentials
internal import HTTPServing

/// From a request to its answer: the whole surface of the dashboard on one screen.
struct Endpoints: WebHandler {
    let hosts: HostRule
    let page: PageFiles
    let hls: HLSFiles
    let hub: StatusHub

    /// A request body is never wanted.
    let bodyBytesMax = 0

    func refusal(of head: WebRequest) -> WebAnswer? {
        if head.hasBody { return dressed(respond(to: head)) }
        return nil
    }

    func answer(_ request: WebRequest) async -> WebAnswer { dressed(respond(to: request)) }

    private func dressed(_ answer: WebAnswer) -> WebAnswer {
        var answer = answer
        answer.headers.merge(Self.headers) { own, _ in own }
        return answer
    }

    private func respond(to request: WebRequest) -> WebAnswer {
        guard let host = request["host"] else { return .text(.badRequest, "a Host header is needed") }
        guard hosts.allows(host) else {
            return .text(
                .misdirectedRequest, "this dashboard does not answer to that name; use its address or localhost")
        }
        guard request.method == "GET" || request.method == "HEAD" else {
            var refused = WebAnswer.text(.methodNotAllowed, "only GET and HEAD")
            refused.headers["Allow"] = "GET, HEAD"
            return refused
        }
        if request.hasBody { return .text(.payloadTooLarge, "no request has a body here") }
        let path = request.path
        guard path.utf8.count <= 1024 else { return .text(.uriTooLong, "that address is too long") }
        switch path {
        case "/healthz": return .text(.ok, "ok")
        case "/api/v1/status": return status()
        case "/api/v1/events": return request.method == "HEAD" ? events(.none) : events()
        default: break
        }
        if path.hasPrefix("/hls/") { return hlsFile(String(path.dropFirst(5))) }
        guard let file = page[path] else { return .text(.notFound, "there is no such page") }
        return .data(.ok, file.type, file.data)
    }

    private func status() -> WebAnswer {
        let json = hub.reading.json
        return .data(json == nil ? .serviceUnavailable : .ok, "application/json", json ?? StatusHub.awayJSON)
    }

    private func events() -> WebAnswer {
        guard let stream = hub.subscribe() else {
            var busy = WebAnswer.text(.serviceUnavailable, "too many listen to events already")
            busy.headers["Retry-After"] = "5"
            return busy
        }
        return events(.stream(stream))
    }

    private func events(_ body: WebAnswer.Body) -> WebAnswer {
        WebAnswer(.ok, headers: ["Content-Type": "text/event-stream", "X-Accel-Buffering": "no"], body: body)
    }

    private func hlsFile(_ name: String) -> WebAnswer {
        guard let type = HLSFiles.contentType(of: name), let bytes = hls.contents(of: name) else {
            return .text(.notFound, "there is no such file in the stream now")
        }
        return .data(.ok, type, bytes)
    }

    /// On every answer. Nothing is stored: the status ages in a second, and an encoder that restarts may use the
    /// name of a segment again.
    private static let headers = [
        "Content-Security-Policy": """
        default-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'
        """,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    ]
}
