internal import IPC

/// What generators may use at one level of the governor. Each level is the one before and one lever more.
struct GovernorRestraint: Sendable, Equatable {
    /// Nil: the niceness they were started with.
    var nice: Int32?
    var tuning = WorkerTuning()
    /// Of the time, in which they are stopped.
    var heldShare = 0.0
    /// Nil: as many as are wanted.
    var generatorsMax: Int?

    static let niceMost: Int32 = 19
    /// Levels before generators are taken away.
    private static let levelsForAll = 4

    /// - Parameter wanted: how many generators there are to be; the last one is never taken away.
    static func levelMax(wanted: Int) -> Int { levelsForAll + max(0, wanted - 1) }

    init(level: Int, wanted: Int, processors: Int, policy: GovernorPolicy) {
        if level >= 1 {
            nice = Self.niceMost
            tuning.threads = max(1, processors / 2)
        }
        if level >= 2 { tuning.extraRestSeconds = policy.restSeconds }
        if level >= 3 { heldShare = 0.5 }
        if level >= 4 { heldShare = 0.75 }
        if level > Self.levelsForAll { generatorsMax = max(1, wanted - (level - Self.levelsForAll)) }
    }

    /// As an operator reads it.
    func words(wanted: Int) -> String {
        var parts: [String] = []
        if let nice { parts.append("generators at nice \(nice)") }
        if tuning.extraRestSeconds > 0 { parts.append("\(Int(tuning.extraRestSeconds)) s rest after each track") }
        if heldShare > 0 { parts.append("stopped \(Int(heldShare * 100)) % of the time") }
        if let generatorsMax { parts.append("\(generatorsMax) of \(wanted) at work") }
        return parts.joined(separator: ", ")
    }
}
