internal import HTTPServing

/// Whether a request shows the server's token.
struct TokenCheck: Sendable {
    private static let bytesMax = 512
    /// Nil: nobody needs one.
    private let wanted: [UInt8]?

    init(token: String?) { wanted = token.map { Self.padded(Array($0.utf8)) } }

    var isNeeded: Bool { wanted != nil }

    func allows(_ request: WebRequest) -> Bool {
        guard let wanted else { return true }
        let shown = request["authorization"] ?? ""
        let isBearer = shown.lowercased().hasPrefix("bearer ")
        return Self.isEqual(Self.padded(Array(shown.utf8.dropFirst(isBearer ? 7 : 0))), wanted) && isBearer
    }

    /// To one length, the real one behind it: how long a comparison takes says nothing of the token.
    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        let kept = bytes.prefix(bytesMax)
        let length = UInt16(clamping: bytes.count)
        return kept + [UInt8](repeating: 0, count: bytesMax - kept.count)
            + [UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)]
    }

    /// Looks at every byte, wherever the first difference is.
    private static func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        var difference = one.count ^ other.count
        for (left, right) in zip(one, other) { difference |= Int(left ^ right) }
        return difference == 0
    }
}
