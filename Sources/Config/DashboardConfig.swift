import Glibc

/// `[dashboard]`: the web page.
public struct DashboardConfig: Sendable, Hashable {
    public var enabled = true
    /// Address to listen on.
    public var host = "127.0.0.1"
    /// TCP port; 0 takes any free one.
    public var port = 8080

    public init() {}
}

extension DashboardConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .flag("enabled", \.enabled, why: "Whether the web page is served."),
            .text(
                "host", \.host, "an IPv4 or IPv6 address, or \"localhost\"",
                why: "Address to listen on. The page has no password: leave it on this machine and reach it through"
                    + "\nssh or a reverse proxy; \"0.0.0.0\" shows it to every network.",
                isAllowed: isAddress),
            .whole("port", \.port, 0...65_535, "a TCP port", why: "Where to listen; 0 takes any free one."),
        ]
    }

    private static func isAddress(_ text: String) -> Bool {
        var address = in6_addr()
        return text == "localhost" || inet_pton(AF_INET, text, &address) == 1
            || inet_pton(AF_INET6, text, &address) == 1
    }
}
