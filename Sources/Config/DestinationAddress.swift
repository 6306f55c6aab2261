/// The parts of a destination's URL that matter to the key.
struct DestinationAddress {
    let kind: Destination.Kind
    let host: String
    private let url: Substring
    private let scheme: Substring
    /// What stands before the host, without the `@`.
    private let user: Substring?
    /// Host and port.
    private let server: Substring
    /// Everything after the server.
    private let rest: Substring

    /// Nil for what the station cannot send to.
    init?(_ text: String) {
        guard !text.isBlankOrBroken, !text.contains(where: \.isWhitespace) || text.hasPrefix("/") else { return nil }
        url = text[...]
        guard !text.hasPrefix("/") else {
            guard [".flv", ".ts", ".mkv"].contains(where: { text.hasSuffix($0) }) else { return nil }
            (kind, host, scheme, user, server, rest) = (.file, "", "", nil, "", "")
            return
        }
        guard let mark = text.firstRange(of: "://") else { return nil }
        scheme = text[..<mark.lowerBound]
        switch scheme {
        case "rtmp", "rtmps": kind = .rtmp
        case "srt": kind = .srt
        case "icecast": kind = .icecast
        default: return nil
        }
        let end = text[mark.upperBound...].firstIndex { $0 == "/" || $0 == "?" } ?? text.endIndex
        let authority = text[mark.upperBound..<end]
        rest = text[end...]
        let at = authority.lastIndex(of: "@")
        user = at.map { authority[..<$0] }
        server = at.map { authority[authority.index(after: $0)...] } ?? authority
        // An IPv6 address has colons of its own, in brackets.
        let bracket = server.lastIndex(of: "]") ?? server.startIndex
        let colon = server[bracket...].firstIndex(of: ":")
        host = server[..<(colon ?? server.endIndex)].lowercased()
        if host.isEmpty { return nil }
        if let colon, !(1...65_535).contains(Int(server[server.index(after: colon)...]) ?? 0) { return nil }
    }

    /// Services whose stream key is known to be the second path component.
    private static let knownHosts = ["youtube.com", "twitch.tv", "facebook.com", "live-video.net"]

    /// True where a stream is not taken without a key.
    var isKnownHost: Bool {
        kind == .rtmp && Self.knownHosts.contains { host == $0 || host.hasSuffix("." + $0) }
    }

    /// Says where a key stands in the URL itself; nil where none is seen.
    var writtenKey: String? {
        if user?.contains(":") == true { return "a password is in the URL" }
        if kind == .srt, rest.contains("passphrase=") { return "the passphrase is in the URL" }
        if isKnownHost, rest.split(separator: "/").count > 1 { return "the stream key is in the URL" }
        return nil
    }

    /// The URL without what `writtenKey` found; safe to print.
    var withoutKey: String {
        let name = user?.split(separator: ":").first.map { $0 + "@" } ?? ""
        let path: Substring
        switch kind {
        case .srt: path = rest.prefix { $0 != "?" }
        case .rtmp where isKnownHost: path = rest.split(separator: "/").first.map { "/" + $0 } ?? ""
        default: path = rest
        }
        return "\(scheme)://\(name)\(server)\(path)"
    }

    /// True for what stands for itself anywhere in a URL (RFC 3986).
    static func isUnreserved(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "-._~".unicodeScalars.contains(scalar))
    }
}
