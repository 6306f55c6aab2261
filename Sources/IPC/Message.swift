/// JSON-RPC 2.0: one object a line.
public enum Message: Sendable, Equatable {
    case request(id: Int, method: String, parameters: JSONValue)
    case notification(method: String, parameters: JSONValue)
    case response(id: Int, result: JSONValue)
    /// `id` is nil when the request could not be read well enough to know it.
    case failure(id: Int?, code: Int, message: String)

    /// The longest line either side accepts.
    public static let bytesMax = 1 << 20

    /// Codes of the failures this protocol sends (JSON-RPC 2.0, section 5.1, and our own from 1 up).
    public enum Code {
        public static let malformed = -32700
        public static let unknownMethod = -32601
        public static let invalidParameters = -32602
        public static let failed = 1
        public static let forbidden = 2
    }

    /// Reads one line, without its newline.
    public init(line: some Collection<UInt8>) throws(WireError) {
        guard line.count <= Self.bytesMax else { throw .oversized(limitBytes: Self.bytesMax) }
        let value = try JSONValue(parsing: line)
        var id: Int?
        switch value["id"] {
        case .integer(let number): id = number
        case nil, .null: break
        // Taken for a notification it would never be answered, and whoever asked would wait for ever.
        default: throw .malformed("the id is not a whole number")
        }
        if case .string(let method) = value["method"] {
            let parameters = value["params"] ?? .object([:])
            self =
                id.map { .request(id: $0, method: method, parameters: parameters) }
                ?? .notification(method: method, parameters: parameters)
        } else if let id, let result = value["result"] {
            self = .response(id: id, result: result)
        } else if let error = value["error"] {
            var code = Code.failed
            if case .integer(let number) = error["code"] { code = number }
            var message = "unexplained error"
            if case .string(let text) = error["message"] { message = text }
            self = .failure(id: id, code: code, message: message)
        } else {
            throw .malformed("neither a method, a result nor an error")
        }
    }

    /// The line that says this, newline included.
    public func line() throws(WireError) -> [UInt8] {
        var members: [String: JSONValue] = ["jsonrpc": .string("2.0")]
        switch self {
        case .request(let id, let method, let parameters):
            members["id"] = .integer(id)
            members["method"] = .string(method)
            members["params"] = parameters
        case .notification(let method, let parameters):
            members["method"] = .string(method)
            members["params"] = parameters
        case .response(let id, let result):
            members["id"] = .integer(id)
            members["result"] = result
        case .failure(let id, let code, let message):
            members["id"] = id.map { .integer($0) } ?? .null
            members["error"] = .object(["code": .integer(code), "message": .string(message)])
        }
        let line = try JSONValue.object(members).text() + [UInt8(ascii: "\n")]
        guard line.count <= Self.bytesMax else { throw .oversized(limitBytes: Self.bytesMax) }
        return line
    }
}
