internal import Dispatch
internal import FoundationEssentials
internal import Glibc
internal import Platform
internal import Synchronization

/// Any JSON, for a protocol whose messages have no fixed shape.
public enum JSONValue: Sendable, Equatable, Codable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value) where value.rounded() == value && abs(value) < 1e15: try container.encode(Int(value))
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// The member of an object; `.null` where there is none.
    public subscript(name: String) -> JSONValue {
        if case .object(let members) = self { return members[name] ?? .null }
        return .null
    }

    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var number: Double? { if case .number(let value) = self { value } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
}

/// What can go wrong between a test and its browser.
public enum BrowserError: Error, Sendable, CustomStringConvertible {
    case refused(method: String, reason: String)
    case threw(String)
    case noAnswer(method: String, seconds: Double)
    case gone

    public var description: String {
        switch self {
        case .refused(let method, let reason): "the browser refused \(method): \(reason)"
        case .threw(let what): "the page threw: \(what)"
        case .noAnswer(let method, let seconds): "the browser did not answer \(method) within \(seconds) s"
        case .gone: "the browser is gone"
        }
    }
}

/// The DevTools protocol over two pipes: JSON messages, each ended by a zero byte.
final class BrowserWire: Sendable {
    private struct State {
        var lastNumber = 0
        var waiting: [Int: CheckedContinuation<JSONValue, any Error>] = [:]
        var gone = false
    }

    private struct Message: Codable {
        var id: Int?
        var sessionId: String?
        var method: String?
        var params: JSONValue?
        var result: JSONValue?
        var error: JSONValue?
    }

    private let toBrowser: FileDescriptor
    private let state = Mutex(State())

    /// - Parameter onEvent: called on the reading thread with a method and its parameters.
    init(
        toBrowser: FileDescriptor, fromBrowser: FileDescriptor, onEvent: @escaping @Sendable (String, JSONValue) -> Void
    ) {
        self.toBrowser = toBrowser
        NamedThread.start("browser") { [self] in
            read(fromBrowser, onEvent)
            for continuation in leave() { continuation.resume(throwing: BrowserError.gone) }
        }
    }

    func call(_ method: String, _ params: [String: JSONValue], session: String?, seconds: Double) async throws
        -> JSONValue
    {
        try await withCheckedThrowingContinuation { continuation in
            let number: Int? = state.withLock {
                if $0.gone { return nil }
                $0.lastNumber += 1
                $0.waiting[$0.lastNumber] = continuation
                return $0.lastNumber
            }
            guard let number else { return continuation.resume(throwing: BrowserError.gone) }
            // One clock for every call, so that a browser that hangs fails its test with a name.
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in
                self?.take(number)?.resume(throwing: BrowserError.noAnswer(method: method, seconds: seconds))
            }
            let message = Message(id: number, sessionId: session, method: method, params: .object(params))
            do {
                try toBrowser.write(all: Array(JSONEncoder().encode(message)) + [0])
            } catch {
                take(number)?.resume(throwing: error)
            }
        }
    }

    /// Nobody answers any more: those who wait.
    private func leave() -> [CheckedContinuation<JSONValue, any Error>] {
        state.withLock { state in
            state.gone = true
            let waiting = Array(state.waiting.values)
            state.waiting = [:]
            return waiting
        }
    }

    private func take(_ number: Int) -> CheckedContinuation<JSONValue, any Error>? {
        state.withLock { $0.waiting.removeValue(forKey: number) }
    }

    private func read(_ fromBrowser: FileDescriptor, _ onEvent: (String, JSONValue) -> Void) {
        var pending: [UInt8] = []
        while let bytes = try? fromBrowser.read(upTo: 1 << 16), !bytes.isEmpty {
            pending += bytes
            while let end = pending.firstIndex(of: 0) {
                let message = try? JSONDecoder().decode(Message.self, from: Data(pending[..<end]))
                pending.removeSubrange(...end)
                guard let message else { continue }
                if let method = message.method { onEvent(method, message.params ?? .null) }
                guard let number = message.id, let continuation = take(number) else { continue }
                if let error = message.error {
                    let reason = error["message"].string ?? "no reason given"
                    continuation.resume(throwing: BrowserError.refused(method: "\(number)", reason: reason))
                } else {
                    continuation.resume(returning: message.result ?? .null)
                }
            }
        }
    }
}
