internal import CJansson
internal import FoundationEssentials
internal import Platform

/// One JSON value as it is on the wire. jansson reads and writes it: duplicate keys are refused, and so is
/// anything that is not one object or array of valid UTF-8.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Parses one document.
    public init(parsing bytes: some Sequence<UInt8>) throws(WireError) {
        let text = Array(bytes)
        var failure = json_error_t()
        let flags = Int(JSON_REJECT_DUPLICATES)
        let root = text.withUnsafeBufferPointer { raw in
            raw.withMemoryRebound(to: CChar.self) { json_loadb($0.baseAddress, $0.count, flags, &failure) }
        }
        guard let root else {
            let reason = withUnsafeBytes(of: failure.text) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw .malformed(reason)
        }
        defer { lofi_json_release(root) }
        self = Self.copy(root)
    }

    /// The value that encodes `value` in the station's spelling.
    public init(encoding value: some Encodable) throws {
        try self.init(parsing: StationJSON.encode(value))
    }

    /// The Swift value this one spells.
    public func decoded<Value: Decodable>(as type: Value.Type) throws(WireError) -> Value {
        do {
            return try StationJSON.decode(type, from: Data(text()))
        } catch let error as WireError {
            throw error
        } catch {
            throw .malformed("\(error)")
        }
    }

    /// One line of JSON, without the newline.
    public func text() throws(WireError) -> [UInt8] {
        guard let root = try make() else { throw .malformed("cannot be written as JSON") }
        defer { lofi_json_release(root) }
        let flags = Int(JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)
        guard let text = json_dumps(root, flags) else { throw .malformed("cannot be written as JSON") }
        defer { free(text) }
        return Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }

    public subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    private static func copy(_ node: UnsafeMutablePointer<json_t>) -> JSONValue {
        switch node.pointee.type {
        case JSON_OBJECT:
            var members: [String: JSONValue] = [:]
            var iterator = json_object_iter(node)
            while let here = iterator {
                if let key = json_object_iter_key(here), let value = json_object_iter_value(here) {
                    members[String(cString: key)] = copy(value)
                }
                iterator = json_object_iter_next(node, here)
            }
            return .object(members)
        case JSON_ARRAY:
            return .array((0..<json_array_size(node)).compactMap { json_array_get(node, $0).map(copy) })
        case JSON_STRING:
            let bytes = UnsafeRawBufferPointer(start: json_string_value(node), count: json_string_length(node))
            return .string(String(decoding: bytes, as: UTF8.self))
        case JSON_INTEGER: return .integer(Int(json_integer_value(node)))
        case JSON_REAL: return .real(json_real_value(node))
        case JSON_TRUE: return .bool(true)
        case JSON_FALSE: return .bool(false)
        default: return .null
        }
    }

    private func make() throws(WireError) -> UnsafeMutablePointer<json_t>? {
        switch self {
        case .null: return json_null()
        case .bool(let value): return value ? json_true() : json_false()
        case .integer(let value): return json_integer(json_int_t(value))
        case .real(let value):
            guard value.isFinite else { throw .malformed("JSON has no \(value)") }
            return json_real(value)
        case .string(let value):
            var value = value
            return value.withUTF8 { raw in
                raw.withMemoryRebound(to: CChar.self) { json_stringn($0.baseAddress, $0.count) }
            }
        case .array(let values):
            let node = json_array()
            for value in values { json_array_append_new(node, try value.make()) }
            return node
        case .object(let members):
            let node = json_object()
            for (key, value) in members { json_object_set_new(node, key, try value.make()) }
            return node
        }
    }
}
