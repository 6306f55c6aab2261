/// `[supervisor]`: how workers are stopped, restarted and given up on.
public struct SupervisorConfig: Sendable, Hashable {
    /// Time a worker has between being asked to stop and being killed.
    public var stopSecondsMax = 20.0
    /// Wait before the first restart; doubles with every further one.
    public var restartFirstSeconds = 0.5
    /// The longest wait between two restarts.
    public var restartMaxSeconds = 30.0
    /// A worker that lived this long starts again with the first wait.
    public var stableAfterSeconds = 10.0
    /// Restarts within `restartBudgetSeconds` before a worker is quarantined.
    public var restartBudget = 8
    public var restartBudgetSeconds = 300.0
    /// When generators are held back, and how soon.
    public var loadPolicy = LoadPolicy.balanced
    /// Niceness of the encoder and the feeder, as far as the supervisor may give it.
    public var airNice = -10

    public init() {}
}

extension SupervisorConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .number(
                "stop_seconds_max", \.stopSecondsMax, 1...300, "seconds",
                why: "Time a worker has to stop when asked; then it is killed."),
            .number(
                "restart_first_seconds", \.restartFirstSeconds, 0...60, "seconds",
                why: "Wait before a worker that died is started again; doubles each time."),
            .number(
                "restart_max_seconds", \.restartMaxSeconds, 0...3600, "seconds",
                why: "The longest such wait."),
            .number(
                "stable_after_seconds", \.stableAfterSeconds, 1...3600, "seconds",
                why: "A worker that lived this long has recovered: its next wait is the first one again."),
            .whole(
                "restart_budget", \.restartBudget, 1...1000, "restarts",
                why: "Restarts a worker may have within restart_budget_seconds. One more and it is set aside,"
                    + "\nthe station goes on without it and says so."),
            .number(
                "restart_budget_seconds", \.restartBudgetSeconds, 1...86_400, "seconds",
                why: "The time in which restarts are counted."),
            .choice(
                "load_policy", \.loadPolicy,
                why: "When generators stand back because processors are short: gentle is before the air notices and"
                    + "\nfor other programs' sake too, balanced is when the air begins to wait, greedy is when it is late,"
                    + "\noff is never."),
            .whole(
                "air_nice", \.airNice, -20...0, "steps",
                why: "How far the encoder and the feeder go before everything else on the machine; 0 is not at all."
                    + "\nTakes root or LimitNICE=; without that they run like any other program, and it is said."),
        ]
    }

    func contradictions() -> [Contradiction] {
        if restartFirstSeconds <= restartMaxSeconds { return [] }
        let reason =
            "the first wait of \(Manual.number(restartFirstSeconds)) s is longer than the longest, "
            + "\(Manual.number(restartMaxSeconds)) s; set restart_max_seconds to at least that"
        return [Contradiction("restart_first_seconds", "restart_max_seconds", reason: reason)]
    }
}
