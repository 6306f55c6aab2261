/// How much music is left on the Buffer, worst last.
public enum BufferHealth: String, Sendable, Hashable, Codable, CaseIterable {
    case healthy = "HEALTHY"
    case warning = "WARNING"
    case critical = "CRITICAL"
    case emergency = "EMERGENCY"
    case depleted = "DEPLETED"

    /// 0 for healthy ... 4 for depleted.
    public var severity: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// The thresholds between the five states, in hours of music left, and the generator's rest in each.
public struct HealthBands: Sendable, Hashable {
    /// Above this: healthy.
    public var healthyHours: Double
    /// Above this: warning.
    public var warningHours: Double
    /// Above this: critical.
    public var criticalHours: Double
    /// Above this: emergency; at or under it: depleted.
    public var emergencyHours: Double
    /// A better state is entered only this far above its threshold, so that a state does not flap.
    public var hysteresisHours: Double
    /// Seconds the generator rests between tracks when healthy.
    public var healthyRestSeconds: Double
    /// Seconds the generator rests between tracks in warning; it never rests in the states below.
    public var warningRestSeconds: Double

    public init(
        healthyHours: Double = 24, warningHours: Double = 12, criticalHours: Double = 6, emergencyHours: Double = 2,
        hysteresisHours: Double = 0.1, healthyRestSeconds: Double = 300, warningRestSeconds: Double = 120
    ) {
        self.healthyHours = healthyHours
        self.warningHours = warningHours
        self.criticalHours = criticalHours
        self.emergencyHours = emergencyHours
        self.hysteresisHours = hysteresisHours
        self.healthyRestSeconds = healthyRestSeconds
        self.warningRestSeconds = warningRestSeconds
    }

    /// The state for `hours` of music left. Falling is immediate; rising past a threshold needs the hysteresis on top.
    /// - Parameter previous: the state so far, or nil when there is none (no hysteresis then).
    public func health(hours: Double, previous: BufferHealth?) -> BufferHealth {
        let plain = band(hours)
        guard let previous, plain.severity < previous.severity else { return plain }
        let cautious = band(hours - hysteresisHours)
        return cautious.severity < previous.severity ? cautious : previous
    }

    /// Seconds a generator rests between two tracks in `health`.
    public func restSeconds(in health: BufferHealth) -> Double {
        switch health {
        case .healthy: healthyRestSeconds
        case .warning: warningRestSeconds
        case .critical, .emergency, .depleted: 0
        }
    }

    private func band(_ hours: Double) -> BufferHealth {
        if hours > healthyHours { return .healthy }
        if hours > warningHours { return .warning }
        if hours > criticalHours { return .critical }
        return hours > emergencyHours ? .emergency : .depleted
    }
}
