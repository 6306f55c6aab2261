internal import FlyingFox
internal import FlyingSocks
internal import Foundation

/// Between FlyingFox's messages and the house's.
struct Translation: HTTPHandler {
    let handler: any WebHandler

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
        var asked = WebRequest(
            method: request.method.rawValue, path: request.target.path(), query: request.target.query(),
            headers: Self.headers(of: request), hasBody: (request.bodySequence.count ?? 1) != 0)
        if let refusal = handler.refusal(of: asked) {
            return try Self.response(refusal, isHead: asked.method == "HEAD", unread: request.bodySequence)
        }
        guard let body = try await Self.read(request.bodySequence, bytesMax: handler.bodyBytesMax) else {
            let refusal = WebAnswer.text(.payloadTooLarge, "a body has at most \(handler.bodyBytesMax) bytes here")
            return try Self.response(refusal, isHead: asked.method == "HEAD", unread: request.bodySequence)
        }
        asked.body = body
        return try Self.response(await handler.answer(asked), isHead: asked.method == "HEAD")
    }

    /// The whole body; nil when it is longer than `bytesMax`, and some of it unread.
    private static func read(_ body: HTTPBodySequence, bytesMax: Int) async throws -> Data? {
        if let count = body.count, count > bytesMax { return nil }
        var bytes = Data()
        for try await piece in body {
            bytes.append(piece)
            if bytes.count > bytesMax { return nil }
        }
        return bytes
    }

    private static func headers(of request: HTTPRequest) -> [String: String] {
        Dictionary(
            request.headers.keys.map { ($0.rawValue.lowercased(), request.headers[$0] ?? "") },
            uniquingKeysWith: { one, _ in one })
    }

    /// - Parameter unread: a body that is to be read away, or its rest would be taken for the next request.
    private static func response(
        _ answer: WebAnswer, isHead: Bool, unread: HTTPBodySequence? = nil
    ) throws -> HTTPResponse {
        var headers = HTTPHeaders()
        for (name, value) in answer.headers { headers[HTTPHeader(name)] = value }
        var body: HTTPBodySequence
        switch answer.body {
        case .data(let data): body = HTTPBodySequence(data: data, suggestedBufferSize: 64 << 10)
        case .file(let path, let range):
            body = try HTTPBodySequence(file: URL(filePath: path), range: range, suggestedBufferSize: 64 << 10)
        case .stream(let pieces): body = HTTPBodySequence(from: PieceStream(pieces: pieces))
        case .none: body = HTTPBodySequence()
        }
        if isHead {
            // The length of what GET would answer; a stream has none.
            if let count = body.count, answer.status != .noContent { headers[.contentLength] = "\(count)" }
            body = HTTPBodySequence(data: Data())
        }
        if let unread, let count = body.count {
            body = HTTPBodySequence(from: AnswerThenRest(answer: body, rest: unread), count: count)
        }
        return HTTPResponse(
            statusCode: HTTPStatusCode(answer.status.rawValue, phrase: answer.status.phrase), headers: headers,
            body: body)
    }
}

/// Pieces as the body of a response.
private struct PieceStream: AsyncBufferedSequence {
    typealias Element = UInt8

    let pieces: AsyncStream<[UInt8]>

    func makeAsyncIterator() -> Iterator { Iterator(pieces: pieces.makeAsyncIterator()) }

    struct Iterator: AsyncBufferedIteratorProtocol {
        var pieces: AsyncStream<[UInt8]>.Iterator
        private var rest: ArraySlice<UInt8> = []

        init(pieces: AsyncStream<[UInt8]>.Iterator) { self.pieces = pieces }

        mutating func next() async throws -> UInt8? {
            if rest.isEmpty { rest = try await nextBuffer(suggested: 1)?[...] ?? [] }
            return rest.popFirst()
        }

        /// One whole piece, longer than suggested or not: half an event is of no use to a reader.
        mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? { await pieces.next() }
    }
}

/// An answer that is said at once, and then the rest of the request, read and thrown away. A client that goes on and on
/// with it is the warden's.
private struct AnswerThenRest: AsyncBufferedSequence {
    typealias Element = UInt8

    let answer: HTTPBodySequence
    let rest: HTTPBodySequence

    func makeAsyncIterator() -> Iterator {
        Iterator(answer: answer.makeAsyncIterator(), rest: rest.makeAsyncIterator())
    }

    struct Iterator: AsyncBufferedIteratorProtocol {
        var answer: HTTPBodySequence.Iterator
        var rest: HTTPBodySequence.Iterator

        mutating func next() async throws -> UInt8? { nil }

        mutating func nextBuffer(suggested count: Int) async throws -> Data? {
            if let piece = try await answer.next() { return piece }
            while try await rest.next() != nil {}
            return nil
        }
    }
}
