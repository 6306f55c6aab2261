/// What an ffmpeg says on its standard error, cut into lines of a bounded length.
struct ComplaintLines {
    private var unfinished = ""
    private let secrets: [String]
    private static let lineLengthMax = 300
    private static let unfinishedBytesMax = 65_536

    /// - Parameter secrets: strings that no line may show.
    init(secrets: [String] = []) { self.secrets = secrets.filter { !$0.isEmpty } }

    /// Adds bytes and returns the lines now complete.
    mutating func add(_ bytes: [UInt8]) -> [String] {
        unfinished += String(decoding: bytes, as: UTF8.self)
        var lines: [String] = []
        while let end = unfinished.firstIndex(of: "\n") {
            lines.append(redacted(unfinished[..<end]))
            unfinished = String(unfinished[unfinished.index(after: end)...])
        }
        // A line that never ends must not grow without bound.
        if unfinished.utf8.count > Self.unfinishedBytesMax { unfinished = "" }
        return lines
    }

    /// Secrets go before the line is cut, or half of one could stay.
    private func redacted(_ line: Substring) -> String {
        let hidden = secrets.reduce(String(line)) { $0.replacing($1, with: "***") }
        return String(hidden.prefix(Self.lineLengthMax))
    }
}
