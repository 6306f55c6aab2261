/// `[supervisor]`: how workers are stopped, restarted and given up on.
public struct SupervisorConfig: Sendable, Hashable {
    /// Time a worker has between being asked to stop and being killed.
    public var stopSecondsMax = 20.0
    /// Wait before the first restart; doubles with every further one.
    public var restartFirstSeconds = 0.5
    /// The longest wait between two restarts.
    public var restartMaxSeconds = 30.0
    /// A worker that lived this long starts again with the first wait.
    public var stableAfterSeconds = 60.0
    /// Restarts within `restartBudgetSeconds` before a worker is quarantined.
    public var restartBudget = 8
    public var restartBudgetSeconds = 300.0

    public init() {}
}
