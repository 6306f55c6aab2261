public import Domain

/// When a worker is started again, when it is left alone for a while, when it is taken for stuck, and how long a stop
/// may take. All in seconds.
public struct RestartPolicy: Sendable, Hashable {
    // MARK: Pauses

    /// The pause before the first restart, and the longest. Each pause is drawn between half and all of its ceiling.
    public var pauseSecondsFirst = 0.5
    public var pauseSecondsMax = 30.0
    /// The first pause after a want of memory; still within the encoder's cushion.
    public var memoryPauseSecondsFirst = 4.0
    /// The pause after a worker that asked to be tried again. It does not grow.
    public var tryAgainSeconds = 1.0
    /// The pause after a full disk. It does not grow and is not counted.
    public var diskFullSeconds = 15.0
    /// After running so long the worker counts as sound again, and what happened before is forgotten. Short, because
    /// a pause must end before the encoder's cushion does: a feeder that dies twice a minute is back at once each time.
    public var stableSeconds = 10.0

    // MARK: Budgets

    /// Failures a worker may have before it is quarantined. There are two budgets of this size: of starts that failed,
    /// and of lives that had been ready. Each fills up again evenly within `failureWindowSeconds`.
    public var failuresMax = 8
    public var failureWindowSeconds = 300.0
    /// A quarantined worker is tried once after so long; each try that fails doubles it, up to the longest, for ever.
    public var probeSeconds = 60.0
    public var probeSecondsMax = 300.0
    /// A missing executable is looked for so often.
    public var missingBinaryProbeSeconds = 5.0

    // MARK: Stuck

    /// A worker that is not ready and has shown no progress for so long is stuck.
    public var startSecondsMax = 180.0
    /// A worker that has not even reported for so long is stuck. Reports come every second, whatever the work; a
    /// feeder must be noticed and replaced well within the encoder's cushion.
    public var silentSecondsMax = 7.0
    /// A worker whose progress stands still for so long is stuck.
    public var stuckSecondsMax = 30.0

    // MARK: Stopping

    /// What each rung of the stop ladder may take: asked, then SIGTERM, then SIGKILL of the group.
    public var askSecondsMax = 8.0
    public var terminateSecondsMax = 3.0
    public var killSecondsMax = 3.0
    /// What outlives its SIGKILL gets another one so often.
    public var unkillableRetrySeconds = 5.0

    public init() {}

    /// This policy with the patience that a role needs.
    public func fitted(to role: WorkerRole) -> RestartPolicy {
        var policy = self
        if role == .generator {
            // Nobody hears a generator that is held up, and it stands back for the others; one step of it may be the
            // check of a track of an hour.
            policy.silentSecondsMax = max(300, silentSecondsMax)
            policy.stuckSecondsMax = max(300, stuckSecondsMax)
        }
        return policy
    }
}
