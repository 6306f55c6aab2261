import FoundationEssentials

/// One Swift file of `Sources`.
struct SourceFile {
    /// From the repository's root: `Sources/Buffer/Shelf.swift`.
    let path: String
    /// Its code without comments and strings, line by line.
    let lines: [String]

    init(path: String, source: String) {
        self.path = path
        let code = SwiftText.codeOnly(source)
        lines = code.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The room it is in.
    var room: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    /// Lines as an editor counts them: the newline at the very end begins no line.
    var lineCount: Int { lines.last == "" ? lines.count - 1 : lines.count }

    struct Import: Equatable {
        var module: String
        var line: Int
    }

    var imports: [Import] {
        lines.enumerated().compactMap { number, line in
            let words = line.split { !($0.isLetter || $0.isNumber || "_@().".contains($0)) }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let access: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
            var rest = words.drop { $0.hasPrefix("@") || access.contains($0) }
            guard rest.popFirst() == "import", let first = rest.popFirst() else { return nil }
            let module = kinds.contains(first) ? rest.first ?? first : first
            return Import(module: String(module.prefix { $0 != "." }), line: number + 1)
        }
    }

    struct Function: Equatable {
        var name: String
        var line: Int
        var lineCount: Int
    }

    /// Functions, initialisers, deinitialisers and subscripts with a body.
    var functions: [Function] {
        lines.indices.compactMap { index in
            guard let name = Self.functionName(lines[index]) else { return nil }
            guard let end = endOfBody(from: index) else { return nil }
            return Function(name: name, line: index + 1, lineCount: end - index + 1)
        }
    }

    /// Lines outside of every brace.
    var topLevelLines: [(number: Int, text: String)] {
        var depth = 0
        var found: [(Int, String)] = []
        for (number, line) in lines.enumerated() {
            if depth == 0 { found.append((number + 1, line)) }
            depth += line.count { $0 == "{" } - line.count { $0 == "}" }
        }
        return found
    }

    private static let modifiers: Set<Substring> = [
        "public", "package", "internal", "fileprivate", "private", "open", "static", "class", "final", "override",
        "mutating", "nonmutating", "consuming", "borrowing", "nonisolated", "required", "convenience", "isolated",
        "async", "prefix", "postfix", "infix", "indirect", "unsafe",
    ]

    private static func functionName(_ line: String) -> String? {
        // Attributes go first: `@inline(__always)`, `@discardableResult`.
        var rest = line.drop { $0 == " " }
        while rest.first == "@" {
            rest = rest.drop { $0 != " " && $0 != "(" }
            if rest.first == "(" { rest = rest.drop { $0 != ")" }.dropFirst() }
            rest = rest.drop { $0 == " " }
        }
        var words = rest.split { !($0.isLetter || $0.isNumber || $0 == "_") }[...]
        words = words.drop { modifiers.contains($0) }
        guard let word = words.first else { return nil }
        if word == "func" { return words.dropFirst().first.map(String.init) ?? "operator" }
        return ["init", "deinit", "subscript"].contains(word) && !rest.contains(".init") ? String(word) : nil
    }

    /// The line with the brace that closes what opens at or after `start`; nil where there is no body, as in a
    /// protocol.
    private func endOfBody(from start: Int) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<lines.count {
            if index > start, braces == 0, parentheses == 0, Self.beginsDeclaration(lines[index]) { return nil }
            for character in lines[index] {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                // A closure as a default value stands inside the parentheses.
                case "{" where parentheses == 0 || braces > 0: braces += 1
                case "}" where braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                case "}" where parentheses == 0: return nil
                default: break
                }
            }
        }
        return nil
    }

    private static func beginsDeclaration(_ line: String) -> Bool {
        let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.drop { modifiers.contains($0) }
        let kinds: Set<Substring> = [
            "func", "var", "let", "init", "subscript", "associatedtype", "typealias", "struct", "enum", "extension",
            "protocol",
        ]
        return words.first.map { kinds.contains($0) } ?? false
    }
}

extension SourceFile {
    /// The repository's root, from where this file was compiled.
    static func root(file: String = #filePath) -> URL {
        URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    /// Every Swift file under `Sources`, by path.
    static func all(root: URL) throws -> [SourceFile] {
        let folder = root.appending(path: "Sources").path
        return try FileManager.default.subpathsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".swift") }
            .sorted()
            .map { name in
                let text = try String(contentsOf: URL(filePath: "\(folder)/\(name)"), encoding: .utf8)
                return SourceFile(path: "Sources/\(name)", source: text)
            }
    }
}
