/// `[dashboard]`: the web page.
public struct DashboardConfig: Sendable, Hashable {
    public var enabled = true
    /// Address to listen on.
    public var host = "127.0.0.1"
    /// TCP port; 0 takes any free one.
    public var port = 8080

    public init() {}
}
