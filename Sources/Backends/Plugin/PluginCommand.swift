/// How a plug-in is started.
public struct PluginCommand: Sendable, Hashable {
    /// The executable, absolute.
    public var path: String
    public var arguments: [String]
    /// Complete, but for the socket's number.
    public var environment: [String: String]

    public init(path: String, arguments: [String] = [], environment: [String: String]) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    /// What a plug-in has no business with: the station's own lines to systemd, and its secrets.
    private static let kept = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
        "CREDENTIALS_DIRECTORY", "JOURNAL_STREAM", "INVOCATION_ID",
    ]

    /// `environment` without what is not a plug-in's.
    public static func cleared(_ environment: [String: String]) -> [String: String] {
        environment.filter { !kept.contains($0.key) }
    }
}

/// How long a plug-in may take. Time in which this process was stopped does not count.
public struct PluginLimits: Sendable, Hashable {
    public var describeSeconds = 20.0
    /// Without a word during `load` and `generate`.
    public var silenceSeconds = 60.0
    public var unloadSeconds = 20.0
    public var cancelSeconds = 10.0
    /// Between the end of the conversation and the kill.
    public var endSeconds = 5.0

    public init() {}
}
