internal import Glibc

/// Where a renderer answers, taken apart.
public struct RendererAddress: Sendable, Hashable {
    /// Without a slash at its end.
    public let url: String
    public let isSecure: Bool
    /// Without brackets.
    public let host: String

    public var isLoopback: Bool { Self.isLoopback(host) }

    /// Nil for what is no such address: another scheme, a user, a query, a fragment, a space.
    public init?(_ text: String) {
        let scheme = ["https://", "http://"].first { text.hasPrefix($0) }
        guard let scheme, !text.isBlankOrBroken, text.utf8.count <= 512 else { return nil }
        let isPlain = text.unicodeScalars.allSatisfy {
            DestinationAddress.isUnreserved($0) || ":/[]".unicodeScalars.contains($0)
        }
        guard isPlain else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        let name: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            name = authority[authority.index(after: authority.startIndex)..<end]
            guard Self.isPort(authority[authority.index(after: end)...]) else { return nil }
        } else {
            name = authority.prefix { $0 != ":" }
            guard Self.isPort(authority[name.endIndex...]), !name.contains(where: { "[]".contains($0) }) else {
                return nil
            }
        }
        if name.isEmpty { return nil }
        host = name.lowercased()
        isSecure = scheme == "https://"
        var url = text[...]
        while url.hasSuffix("/") { url = url.dropLast() }
        self.url = String(url)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || (text.hasPrefix(":") && (1...65_535).contains(Int(text.dropFirst()) ?? 0))
    }

    static func isLoopback(_ host: String) -> Bool {
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        return host == "localhost" || host == "::1"
    }

    static func isAddress(_ text: String) -> Bool {
        var address = in6_addr()
        return text == "localhost" || inet_pton(AF_INET, text, &address) == 1
            || inet_pton(AF_INET6, text, &address) == 1
    }
}
