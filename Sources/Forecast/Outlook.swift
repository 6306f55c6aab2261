public import Domain

/// Says how long the Buffer will last, when the generators go by the policy and nothing changes.
public struct Outlook: Sendable {
    public var policy: GenerationPolicy
    /// Hours of music aired in an hour: 1, or 0 where nothing is played.
    public var playback: Double

    /// What lasts longer than this lasts.
    private static let hoursMax = 720.0
    /// How far a Buffer that grows is played ahead.
    private static let playedHoursMax = 96.0

    public init(policy: GenerationPolicy, playback: Double = 1) {
        self.policy = policy
        self.playback = playback
    }

    /// The forecast for `situation`.
    /// - Parameter asked: the backend that is at work.
    public func forecast(_ situation: Situation, asked: String? = nil) -> BufferForecast {
        let chain = situation.backends.filter(\.isAvailable)
        guard policy.generators > 0, !chain.isEmpty else {
            let advice = policy.generators > 0 ? "no backend is available now" : "no generator works"
            return playback > 0
                ? empties(in: situation.hours / playback, rate: -playback, .good, advice: advice)
                : BufferForecast(kind: .steady, sentence: "steady", rate: 0, confidence: .good, advice: advice)
        }
        let current = policy.backend(in: situation, asked: asked) ?? chain[0].name
        guard let pace = situation.pace(of: current),
            let now = policy.yield(pace, extraRestSeconds: situation.extraRestSeconds)
        else {
            return BufferForecast(
                kind: .unknown, sentence: "unknown until \(current) has made its first track", confidence: .none)
        }
        let yields = chain.compactMap { policy.yield($0, extraRestSeconds: situation.extraRestSeconds) }
        let confidence = Self.confidence(chain)
        if (yields.max() ?? 0) >= playback { return ahead(situation, current: current, confidence) }
        return behind(situation, asked: current, yieldNow: now, confidence)
    }

    // MARK: - A chain that is ahead of the air

    private func ahead(_ situation: Situation, current: String, _ confidence: BufferForecast.Confidence)
        -> BufferForecast
    {
        let goal = min(policy.targetHours, policy.maxHours)
        let rate = netRate(situation, current)
        let handover = firstHandover(situation, current)
        guard situation.hours < goal * 0.98 else {
            return BufferForecast(
                kind: .steady, sentence: "steady", rate: rate, confidence: confidence, advice: handover)
        }
        var simulator = Simulator(policy: policy, backends: situation.backends)
        simulator.extraRestSeconds = situation.extraRestSeconds
        simulator.playback = playback
        simulator.samplesMax = 1
        let played = simulator.play(bufferHours: situation.hours, hours: Self.playedHoursMax, asked: current) {
            $0.bufferHours >= goal
        }
        guard played.bufferHours >= goal else {
            return BufferForecast(
                kind: .steady, sentence: "steady", rate: rate, confidence: confidence, advice: handover)
        }
        return BufferForecast(
            kind: .fills, sentence: "at target in \(Span.words(played.hours))", hours: played.hours, rate: rate,
            confidence: confidence, advice: handover)
    }

    /// "synth takes over in 17 h", where the backend at work is to give way.
    private func firstHandover(_ situation: Situation, _ current: String) -> String? {
        guard let pace = situation.pace(of: current), let level = policy.leaveHours(pace, situation),
            let rate = policy.yield(pace, extraRestSeconds: situation.extraRestSeconds), rate < playback,
            situation.hours > level, situation.backends.filter(\.isAvailable).last?.name != current
        else { return nil }
        var low = situation
        low.hours = level
        guard let next = policy.backend(in: low, asked: current), next != current else { return nil }
        return "\(next) takes over in \(Span.words((situation.hours - level) / (playback - rate)))"
    }

    // MARK: - A chain that is not

    private func behind(
        _ situation: Situation, asked: String, yieldNow: Double, _ confidence: BufferForecast.Confidence
    ) -> BufferForecast {
        // Level by level, as the policy passes from one backend to the next; each line is straight.
        var at = situation
        var current = asked
        var hours = 0.0
        for _ in situation.backends {
            guard let pace = at.pace(of: current),
                let rate = policy.yield(pace, extraRestSeconds: at.extraRestSeconds), rate < playback
            else { break }
            let level = at.hours > 0 ? min(policy.leaveHours(pace, at) ?? 0, at.hours) : 0
            var below = at
            below.hours = level
            let next = policy.backend(in: below, asked: current) ?? current
            if next == current { below.hours = 0 }
            hours += (at.hours - below.hours) / (playback - rate)
            at = below
            current = next
            if at.hours <= 0 { break }
        }
        let structural = situation.backends.allSatisfy { (policy.yield($0) ?? 0) < playback }
        let advice =
            structural ? "never ahead: add fallback or a renderer" : "the generators are held back for the load"
        if situation.hours <= policy.trackSeconds / 3600 {
            return BufferForecast(
                kind: .neverAhead, sentence: structural ? advice : "never ahead: \(advice)", hours: nil,
                rate: yieldNow - playback, confidence: confidence)
        }
        return empties(in: hours, rate: yieldNow - playback, confidence, advice: advice)
    }

    private func empties(
        in hours: Double, rate: Double, _ confidence: BufferForecast.Confidence, advice: String
    ) -> BufferForecast {
        if hours > Self.hoursMax {
            return BufferForecast(kind: .steady, sentence: "steady", rate: rate, confidence: confidence)
        }
        return BufferForecast(
            kind: .empties, sentence: hours > 0 ? "empty in \(Span.words(hours))" : "empty", hours: hours, rate: rate,
            confidence: confidence, advice: advice)
    }

    // MARK: - Figures

    /// Hours of music won an hour now, rests included.
    private func netRate(_ situation: Situation, _ current: String) -> Double? {
        guard let pace = situation.pace(of: current) else { return nil }
        if policy.isFull(hours: situation.hours) { return -playback }
        let rest = TrackRest(policy, in: situation, after: current).seconds
        return policy.yield(pace, extraRestSeconds: rest).map { $0 - playback }
    }

    /// As well as the worst known of those that will be asked.
    private static func confidence(_ chain: [BackendPace]) -> BufferForecast.Confidence {
        switch chain.filter({ $0.speed != nil }).map(\.tracks).min() ?? 0 {
        case ..<5: .low
        case ..<20: .fair
        default: .good
        }
    }
}

/// Spans of hours for people.
enum Span {
    /// `41 h`, `40 min`, `3 days`.
    static func words(_ hours: Double) -> String {
        let minutes = (hours * 60).rounded()
        if minutes < 1 { return "under a minute" }
        if minutes < 90 { return "\(Int(minutes)) min" }
        return "\(Int(hours.rounded())) h"
    }
}
