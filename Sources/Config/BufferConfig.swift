public import Domain

/// `[buffer]`: how far ahead music is made, and what happens when it runs out.
public struct BufferConfig: Sendable, Hashable {
    /// Hours of music the generator works towards.
    public var targetHours = 24.0
    /// Hours of music at which the generator stops altogether; at least `targetHours`.
    public var maxHours = 30.0
    /// Thresholds of the five health states and the rests in them; flat keys of the table.
    public var bands = HealthBands()
    /// Tracks kept after they aired.
    public var keepConsumed = 10
    public var whenDepleted = DepletedPolicy.fallback
    /// Free space on the Buffer's file system that generation never eats into.
    public var diskReserve = ByteCount(bytes: 2_000_000_000)

    public init() {}
}

/// What the station does when the Buffer is empty.
public enum DepletedPolicy: String, Sendable, Hashable, CaseIterable {
    /// Go on with what aired before, then with the synth in real time.
    case fallback
    /// End the stream cleanly and resume when the Buffer is back.
    case shutdown
}

extension BufferConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .number(
                "target_hours", \.targetHours, 0.01...720, "hours",
                why: "Music the generator works towards having ready. An hour takes 635 MB of disk."),
            .number(
                "max_hours", \.maxHours, 0.01...720, "hours",
                why: "Music at which the generator stops until some is played; at least target_hours."),
            .number(
                "healthy_hours", \.bands.healthyHours, 0...720, "hours",
                why: "Above this the Buffer is HEALTHY. The four thresholds must descend."),
            .number(
                "warning_hours", \.bands.warningHours, 0...720, "hours",
                why: "Above this it is in WARNING."),
            .number(
                "critical_hours", \.bands.criticalHours, 0...720, "hours",
                why: "Above this it is CRITICAL; the generator works without a rest."),
            .number(
                "emergency_hours", \.bands.emergencyHours, 0...720, "hours",
                why: "Above this it is an EMERGENCY, at or under it the Buffer is DEPLETED."),
            .number(
                "hysteresis_hours", \.bands.hysteresisHours, 0...24, "hours",
                why: "A better state begins this far above its threshold, so that a state does not flap."
                    + "\nNo more than the smallest gap between two thresholds."),
            .number(
                "healthy_rest_seconds", \.bands.healthyRestSeconds, 0...86_400, "seconds",
                why: "The generator's rest between two tracks when HEALTHY."),
            .number(
                "warning_rest_seconds", \.bands.warningRestSeconds, 0...86_400, "seconds",
                why: "The generator's rest between two tracks in WARNING; in the states below it never rests."),
            .whole(
                "keep_consumed", \.keepConsumed, 0...1000, "tracks",
                why: "Tracks kept on the Buffer after they aired; older ones go to the evergreen library."),
            .choice(
                "when_depleted", \.whenDepleted,
                why:
                    "An empty Buffer: \"fallback\" goes on with the evergreen library, then with the synth in real time;"
                    + "\n\"shutdown\" ends the stream cleanly and resumes by itself when there is music again."),
            .size(
                "disk_reserve", \.diskReserve,
                why: "Free space on the Buffer's disk that the generator leaves alone."),
        ]
    }

    func contradictions() -> [Contradiction] {
        var found: [Contradiction] = []
        if maxHours < targetHours {
            let reason =
                "the generator would stop at \(Manual.number(maxHours)) h, before its target of"
                + " \(Manual.number(targetHours)) h; set max_hours to at least \(Manual.number(targetHours))"
            found.append(Contradiction("max_hours", "target_hours", reason: reason))
        }
        let thresholds = [
            ("healthy_hours", bands.healthyHours), ("warning_hours", bands.warningHours),
            ("critical_hours", bands.criticalHours), ("emergency_hours", bands.emergencyHours),
        ]
        for (upper, lower) in zip(thresholds, thresholds.dropFirst()) {
            let gap = upper.1 - lower.1
            if gap <= 0 {
                let reason =
                    "thresholds must descend; set \(upper.0) above \(Manual.number(lower.1))"
                    + " or \(lower.0) below \(Manual.number(upper.1))"
                found.append(Contradiction(upper.0, lower.0, reason: reason))
            } else if bands.hysteresisHours > gap {
                let reason =
                    "the hysteresis of \(Manual.number(bands.hysteresisHours)) h is larger than this band of"
                    + " \(Manual.number(gap)) h, which could not be left upwards; set hysteresis_hours to at most"
                    + " \(Manual.number(gap))"
                found.append(Contradiction("hysteresis_hours", upper.0, lower.0, reason: reason))
            }
        }
        return found
    }
}
