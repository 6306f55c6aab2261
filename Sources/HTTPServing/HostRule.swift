internal import Glibc

/// Which `Host` headers are answered. A page elsewhere can make its own name resolve to this machine (DNS
/// rebinding) and then read everything here as its own origin; its name is what gives it away.
public struct HostRule: Sendable {
    private let names: Set<String>
    private let anyAddress: Bool

    public init(boundHost: String) {
        let bound = boundHost.lowercased()
        names = ["localhost", "127.0.0.1", "[::1]", bound, "[\(bound)]"]
        // Listening on every address, it cannot know which one is typed; but rebinding needs a name.
        anyAddress = bound == "0.0.0.0" || bound == "::"
    }

    /// - Parameter header: as received: a name or address, and perhaps a port, which may be any (port forwarding).
    public func allows(_ header: String) -> Bool {
        guard let name = Self.name(of: header.lowercased()) else { return false }
        return names.contains(name) || (anyAddress && Self.isAddress(name))
    }

    private static func name(of header: String) -> String? {
        let end =
            header.hasPrefix("[") ? header.firstIndex(of: "]").map(header.index(after:)) : header.firstIndex(of: ":")
        if header.hasPrefix("["), end == nil { return nil }
        let name = header[..<(end ?? header.endIndex)]
        let port = header[name.endIndex...]
        guard !name.isEmpty, port.isEmpty || (port.hasPrefix(":") && port.dropFirst().allSatisfy(\.isASCIIDigit)) else {
            return nil
        }
        return String(name)
    }

    private static func isAddress(_ name: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        if name.hasPrefix("[") { return inet_pton(AF_INET6, String(name.dropFirst().dropLast()), &six) == 1 }
        return inet_pton(AF_INET, name, &four) == 1
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
