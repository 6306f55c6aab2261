public import FoundationEssentials

/// A request as a room sees it; nothing of the library that parsed it.
public struct WebRequest: Sendable {
    public let method: String
    /// As it was sent, so that no decoding or tidying makes another one of it.
    public let path: String
    /// What follows the question mark, as it was sent.
    public let query: String
    /// Names in lower case.
    private let headers: [String: String]
    /// All of it, once `WebHandler.refusal` has let the request in.
    public internal(set) var body = Data()
    /// There is one, of whatever length.
    public let hasBody: Bool

    init(method: String, path: String, query: String, headers: [String: String], hasBody: Bool) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.hasBody = hasBody
    }

    /// - Parameter header: in lower case.
    public subscript(header: String) -> String? { headers[header] }

    /// The value of a query's key; nil where it is not there. Nothing is decoded: keys and values are plain words.
    public func parameter(_ key: String) -> String? {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts[0] == key { return parts.count == 2 ? String(parts[1]) : "" }
        }
        return nil
    }
}

/// What is answered.
public struct WebAnswer: Sendable {
    public enum Body: Sendable {
        case data(Data)
        /// Bytes of a file, read while they are sent.
        case file(String, range: Range<Int>)
        /// Pieces as they come, each sent at once; the length is not known.
        case stream(AsyncStream<[UInt8]>)
        /// The head of a stream, for HEAD.
        case none
    }

    public var status: WebStatus
    public var headers: [String: String]
    public var body: Body

    public init(_ status: WebStatus, headers: [String: String] = [:], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    public static func text(_ status: WebStatus, _ sentence: String) -> WebAnswer {
        data(status, "text/plain; charset=utf-8", Data("\(sentence)\n".utf8))
    }

    public static func data(_ status: WebStatus, _ type: String, _ bytes: Data) -> WebAnswer {
        WebAnswer(status, headers: ["Content-Type": type], body: .data(bytes))
    }
}

/// The answers there are, with the words HTTP has for them.
public enum WebStatus: Int, Sendable {
    case ok = 200
    case accepted = 202
    case noContent = 204
    case partialContent = 206
    case badRequest = 400
    case unauthorized = 401
    case notFound = 404
    case methodNotAllowed = 405
    case conflict = 409
    case payloadTooLarge = 413
    case uriTooLong = 414
    case rangeNotSatisfiable = 416
    case misdirectedRequest = 421
    case unprocessableContent = 422
    case tooManyRequests = 429
    case internalServerError = 500
    case serviceUnavailable = 503

    var phrase: String {
        switch self {
        case .ok: "OK"
        case .accepted: "Accepted"
        case .noContent: "No Content"
        case .partialContent: "Partial Content"
        case .badRequest: "Bad Request"
        case .unauthorized: "Unauthorized"
        case .notFound: "Not Found"
        case .methodNotAllowed: "Method Not Allowed"
        case .conflict: "Conflict"
        case .payloadTooLarge: "Content Too Large"
        case .uriTooLong: "URI Too Long"
        case .rangeNotSatisfiable: "Range Not Satisfiable"
        case .misdirectedRequest: "Misdirected Request"
        case .unprocessableContent: "Unprocessable Content"
        case .tooManyRequests: "Too Many Requests"
        case .internalServerError: "Internal Server Error"
        case .serviceUnavailable: "Service Unavailable"
        }
    }
}

/// What serves the requests of one server.
public protocol WebHandler: Sendable {
    /// A longer body is answered with 413.
    var bodyBytesMax: Int { get }
    /// Asked before a body is read: a stranger's is not worth the memory. Nil lets the request in.
    func refusal(of head: WebRequest) -> WebAnswer?
    /// The answer. May wait, but not block; after `ConnectionLimits.handlerSeconds` it is not waited for any more.
    func answer(_ request: WebRequest) async -> WebAnswer
}
