internal import Domain

/// From readings to a level, with all that keeps it from going to and fro.
struct GovernorJudgement: Sendable {
    /// Seconds of strain, summed up.
    private var strainSeconds = 0.0
    private var calmSince: Double?
    private var readAt: Double?
    private var changedAt: Double?
    private var letGoAt: Double?
    private var lateAt: Double?
    /// How long it has to be calm; grows with every lever that was let go of too early.
    private var calmSeconds = 0.0

    /// A gap between two readings counts at most as this: what happened in a longer one is not known.
    private static let gapSecondsMax = 3.0
    /// Strain so soon after letting go says that it was wrong.
    private static let relapseSeconds = 90.0
    /// Nothing held back for so long: what was learnt about letting go too early is forgotten.
    private static let forgetSeconds = 900.0

    /// The level that follows.
    mutating func level(
        from level: Int, strain: GovernorStrain, reading: LoadReading, policy: GovernorPolicy
    ) -> Int {
        let now = reading.now
        let passed = min(Self.gapSecondsMax, max(0, now - (readAt ?? now - 1)))
        readAt = now
        calmSeconds = max(calmSeconds, policy.calmSeconds)
        if level == 0, isSettled(Self.forgetSeconds, now) { calmSeconds = policy.calmSeconds }
        weigh(strain, passed: passed, now: now, policy: policy)

        let levelMax = allowedMax(reading, policy: policy)
        if level > levelMax { return change(to: levelMax, now: now) }
        let helps = level == 0 || reading.generatorsPercent >= policy.worthPercent
        if strain.words != nil, strainSeconds >= policy.riseSeconds, level < levelMax, helps {
            let settle = if case .late = strain { policy.settleWhenLateSeconds } else { policy.settleSeconds }
            if isSettled(settle, now) { return rise(from: level, now: now, policy) }
        }
        if level > 0, let calmSince, now - calmSince >= calmSeconds, isSettled(calmSeconds, now) {
            letGoAt = now
            self.calmSince = now
            return change(to: level - 1, now: now)
        }
        return level
    }

    private mutating func weigh(_ strain: GovernorStrain, passed: Double, now: Double, policy: GovernorPolicy) {
        switch strain {
        case .late:
            lateAt = now
            strainSeconds += 3 * passed
        case .strained: strainSeconds += passed
        case .between, .calm: strainSeconds -= passed / 2
        }
        strainSeconds = min(policy.riseSeconds, max(0, strainSeconds))
        if case .calm = strain { calmSince = calmSince ?? now } else { calmSince = nil }
    }

    /// How far it may go now.
    private func allowedMax(_ reading: LoadReading, policy: GovernorPolicy) -> Int {
        let isLate = lateAt.map { reading.now - $0 < calmSeconds } ?? false
        switch reading.bufferHealth {
        case .emergency, .depleted: if !isLate { return 1 }
        case .healthy, .warning, .critical, nil: break
        }
        return GovernorRestraint.levelMax(wanted: reading.generatorsWanted)
    }

    private func isSettled(_ seconds: Double, _ now: Double) -> Bool {
        changedAt.map { now - $0 >= seconds } ?? true
    }

    private mutating func change(to level: Int, now: Double) -> Int {
        changedAt = now
        return level
    }

    private mutating func rise(from level: Int, now: Double, _ policy: GovernorPolicy) -> Int {
        strainSeconds = 0
        if let letGoAt, now - letGoAt < Self.relapseSeconds {
            calmSeconds = min(policy.calmSecondsMax, calmSeconds * 2)
        }
        letGoAt = nil
        return change(to: level + 1, now: now)
    }
}
