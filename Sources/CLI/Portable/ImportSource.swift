/// Where a portable buffer lies: `DIR`, or `[USER@]HOST:DIR` as ssh and rsync write it.
struct ImportSource: Equatable {
    /// With the user, as ssh takes it; nil for this machine.
    let host: String?
    let path: String

    /// - Parameter workingDirectory: what a local path is relative to.
    /// - Throws: `.source`, in words.
    init(_ text: String, workingDirectory: String) throws(ImportError) {
        func refuse(_ why: String) -> ImportError { .source(text, why: why) }
        guard !text.isEmpty, text.utf8.count <= 4096, !text.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw refuse("not a place")
        }
        guard let colon = Self.hostEnd(text) else {
            host = nil
            path = text.hasPrefix("/") ? text : "\(workingDirectory)/\(text)"
            return
        }
        let name = String(text[..<colon])
        let there = String(text[text.index(after: colon)...])
        if there.hasPrefix(":") || there.hasPrefix("//") { throw refuse("only ssh is spoken, no rsync daemon") }
        // An argument that begins with a dash would be an option of ssh.
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain =
            parts.count <= 2
            && parts.allSatisfy { part in
                !part.isEmpty && !part.hasPrefix("-") && part.utf8.allSatisfy(Self.isHostCharacter)
            }
        guard isPlain else { throw refuse("\"\(name)\" is no host that ssh would know; use HOST or USER@HOST") }
        // No shell expands it; ssh begins in the home directory anyway.
        let plain = there.hasPrefix("~/") ? String(there.dropFirst(2)) : there
        if plain.isEmpty || plain.hasPrefix("-") { throw refuse("a directory is missing behind the colon") }
        host = name
        path = plain
    }

    /// For rsync, of a directory below it; a trailing slash means what is in it.
    func argument(_ below: String) -> String {
        let directory = path + (below.isEmpty ? "/" : "/\(below)/")
        return host.map { "\($0):\(directory)" } ?? directory
    }

    var description: String { host.map { "\($0):\(path)" } ?? path }

    /// The colon behind a host: before any slash, and not inside the brackets of an IPv6 address.
    private static func hostEnd(_ text: String) -> String.Index? {
        var inBrackets = false
        for index in text.indices {
            switch text[index] {
            case "/": return nil
            case "[": inBrackets = true
            case "]": inBrackets = false
            case ":" where !inBrackets: return index
            default: break
            }
        }
        return nil
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: Array("._-[]:%".utf8).contains(byte)
        }
    }
}
