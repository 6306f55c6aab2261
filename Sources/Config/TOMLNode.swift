import TOMLKit

/// A parsed value. The only file that knows TOMLKit.
indirect enum TOMLNode {
    case table([String: TOMLNode])
    case array([TOMLNode])
    case text(String)
    case whole(Int)
    case number(Double)
    case flag(Bool)
    case moment

    /// Parses a whole file.
    /// - Throws: the one syntax error the parser stops at.
    static func parse(_ text: String, fileName: String) throws(ConfigError) -> TOMLNode {
        // The parser is C++ and would silently stop at a zero byte.
        if let zero = text.utf8.firstIndex(of: 0) {
            let line = text.utf8[..<zero].count { $0 == UInt8(ascii: "\n") } + 1
            throw .invalid([ConfigProblem(file: fileName, line: line, message: "a zero byte; this is no text file")])
        }
        do {
            return try TOMLNode(TOMLTable(string: text))
        } catch let error as TOMLParseError {
            let line = error.source.begin.line
            throw .invalid([ConfigProblem(file: fileName, line: line, message: "not TOML: \(error.description)")])
        } catch {
            throw .unreadable(file: fileName, reason: "\(error)")
        }
    }

    private init(_ source: any TOMLValueConvertible) {
        if let table = source.table {
            self = .table(table.keys.reduce(into: [:]) { nodes, key in nodes[key] = table[key].map { TOMLNode($0) } })
        } else if let array = source.array {
            self = .array((0..<array.count).map { TOMLNode(array[$0]) })
        } else if let text = source.string {
            self = .text(text)
        } else if let flag = source.bool {
            self = .flag(flag)
        } else if let whole = source.int {
            self = .whole(whole)
        } else if let number = source.double {
            self = .number(number)
        } else {
            self = .moment
        }
    }
}

extension TOMLNode: CustomStringConvertible {
    /// The value as an operator recognises it, or its kind where it is long.
    var description: String {
        switch self {
        case .array(let items) where items.count <= 8: "[\(items.map(\.description).joined(separator: ", "))]"
        case .text(let text) where text.utf8.count <= 60: Manual.quoted(text)
        case .whole(let whole): String(whole)
        case .number(let number): String(number)
        case .flag(let flag): String(flag)
        default: kind
        }
    }

    /// What it is, without what it holds.
    var kind: String {
        switch self {
        case .table: "a table"
        case .array: "a list"
        case .text: "a text"
        case .whole, .number: "a number"
        case .flag: "true or false"
        case .moment: "a date or time"
        }
    }
}
