/// Blanks out what is no code in a Swift source: comments and the text of strings. Lines stay where they are, and
/// the code inside an interpolation stays too.
struct SwiftText {
    private let bytes: [UInt8]
    private var place = 0
    private var code: [UInt8] = []

    static func codeOnly(_ source: String) -> String {
        var text = SwiftText(bytes: Array(source.utf8))
        text.readCode(untilClosingParenthesis: false)
        return String(decoding: text.code, as: UTF8.self)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func readCode(untilClosingParenthesis: Bool) {
        var depth = 0
        while place < bytes.count {
            if starts("//") {
                while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { blank(1) }
            } else if starts("/*") {
                readBlockComment()
            } else if let hashes = hashesOfString() {
                readString(hashes: hashes)
            } else {
                let byte = bytes[place]
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") {
                    if depth == 0, untilClosingParenthesis { return }
                    depth -= 1
                }
                code.append(byte)
                place += 1
            }
        }
    }

    private mutating func readBlockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && place < bytes.count
    }

    /// The number of `#` in front of a string that begins here; nil where none begins.
    private func hashesOfString() -> Int? {
        var end = place
        while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
        return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end - place : nil
    }

    private mutating func readString(hashes: Int) {
        let fence = [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
        blank(hashes)
        let quotes = Array((starts("\"\"\"") ? "\"\"\"" : "\"").utf8)
        code += quotes
        place += quotes.count
        while place < bytes.count {
            if starts(quotes + fence) {
                code += quotes
                place += quotes.count
                blank(hashes)
                return
            }
            if starts(Array("\\".utf8) + fence + Array("(".utf8)) {
                blank(1 + hashes)
                code.append(UInt8(ascii: "("))
                place += 1
                readCode(untilClosingParenthesis: true)
            } else if hashes == 0, bytes[place] == UInt8(ascii: "\\") {
                blank(2)
            } else if quotes.count == 1, bytes[place] == UInt8(ascii: "\n") {
                return
            } else {
                blank(1)
            }
        }
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where place < bytes.count {
            code.append(bytes[place] == UInt8(ascii: "\n") ? UInt8(ascii: "\n") : UInt8(ascii: " "))
            place += 1
        }
    }

    private func starts(_ text: String) -> Bool { starts(Array(text.utf8)) }

    private func starts(_ text: [UInt8]) -> Bool {
        place + text.count <= bytes.count && bytes[place..<(place + text.count)].elementsEqual(text)
    }
}
