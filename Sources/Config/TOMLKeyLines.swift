/// The line of every key of a TOML text, by path: `feeder.crossfade_seconds`, `destinations[1].url`.
///
/// The TOML parser tells positions of syntax errors only, so this reads the text a second time, for keys alone. It
/// trusts the text to be valid; on an invalid one it finds fewer lines, and never hangs.
struct TOMLKeyLines {
    private var lines: [String: Int] = [:]
    private var tableCounts: [String: Int] = [:]
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private static let valueEnds = Array(",]}#\n".utf8)
    private static let keyEnds = Array(".=] \t\r\n".utf8)
    private static let blanks = Array(" \t\r\n".utf8)

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        readDocument()
    }

    /// The line of a key; nil for one that is not in the text.
    subscript(path: String) -> Int? { lines[path] }

    /// The line of a key or else of the table it belongs in; 1 where there is neither.
    func nearest(_ path: String) -> Int {
        var path = path[...]
        while true {
            if let line = lines[String(path)] { return line }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return 1 }
            path = path[..<end]
        }
    }

    static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func at(_ text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        return bytes[position...].starts(with: wanted)
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where position < bytes.count {
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    private mutating func readDocument() {
        var table = ""
        while true {
            skipBlank()
            guard let byte else { return }
            if byte == UInt8(ascii: "[") {
                table = readHeader()
            } else {
                readPair(in: table)
            }
        }
    }

    /// `[a.b]` or `[[a.b]]`: the path of the table that the next keys belong to.
    private mutating func readHeader() -> String {
        let start = line
        let isArray = at("[[")
        advance(isArray ? 2 : 1)
        let keys = readKeys()
        advance(isArray ? 2 : 1)
        var path = ""
        for (index, key) in keys.enumerated() {
            path = Self.join(path, key)
            note(path, start)
            if isArray, index == keys.count - 1 { tableCounts[path, default: 0] += 1 }
            // A name that stands for an array of tables means its newest one.
            if let count = tableCounts[path] { path += "[\(count - 1)]" }
            note(path, start)
        }
        return path
    }

    /// `a.b = value`.
    private mutating func readPair(in table: String) {
        let start = line
        let before = position
        var path = table
        for key in readKeys() {
            path = Self.join(path, key)
            note(path, start)
        }
        skipSpaces()
        if byte == UInt8(ascii: "=") { advance() }
        skipSpaces()
        readValue(path)
        if position == before { advance() }
    }

    private mutating func readValue(_ path: String) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = readText()
        case UInt8(ascii: "{"): readItems(until: UInt8(ascii: "}")) { $0.readPair(in: path) }
        case UInt8(ascii: "["):
            var index = 0
            readItems(until: UInt8(ascii: "]")) { reader in
                let item = "\(path)[\(index)]"
                reader.note(item, reader.line)
                reader.readValue(item)
                index += 1
            }
        default:
            while let byte, !Self.valueEnds.contains(byte) { advance() }
        }
    }

    private mutating func readItems(until end: UInt8, _ readItem: (inout Self) -> Void) {
        advance()
        while true {
            skipBlank()
            guard let byte else { return }
            if byte == end { return advance() }
            if byte == UInt8(ascii: ",") {
                advance()
                continue
            }
            let before = position
            readItem(&self)
            if position == before { advance() }
        }
    }

    /// A dotted key, each part bare or quoted.
    private mutating func readKeys() -> [String] {
        var keys: [String] = []
        while true {
            skipSpaces()
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                keys.append(readText())
            } else {
                let start = position
                while let byte, !Self.keyEnds.contains(byte) { advance() }
                keys.append(String(decoding: bytes[start..<position], as: UTF8.self))
            }
            skipSpaces()
            guard byte == UInt8(ascii: ".") else { return keys }
            advance()
        }
    }

    /// Passes a quoted text of any of the four kinds and returns what is between the quotes, escapes as they are.
    private mutating func readText() -> String {
        let quote = bytes[position]
        let isLong = at(quote == UInt8(ascii: "\"") ? "\"\"\"" : "'''")
        let width = isLong ? 3 : 1
        advance(width)
        let start = position
        while let byte {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                advance(2)
            } else if byte == quote, !isLong || at(quote == UInt8(ascii: "\"") ? "\"\"\"" : "'''") {
                break
            } else {
                advance()
            }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        advance(width)
        // A long text may end in up to two quotes of its own.
        while isLong, byte == quote { advance() }
        return text
    }

    private mutating func skipSpaces() {
        while byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { advance() }
    }

    private mutating func skipBlank() {
        while let byte {
            if byte == UInt8(ascii: "#") {
                while let byte = self.byte, byte != UInt8(ascii: "\n") {
                    _ = byte
                    advance()
                }
            } else if Self.blanks.contains(byte) {
                advance()
            } else {
                return
            }
        }
    }

    /// The first place a path is named is its line.
    private mutating func note(_ path: String, _ line: Int) {
        if lines[path] == nil { lines[path] = line }
    }
}
