public import Domain

/// The one place that says how long a generator rests and which backend it asks.
///
/// The five states and their rests are the operator's. What measured speeds add: a rest is shortened, never
/// lengthened, when with it the Buffer would sink below what it is to hold; a backend that is never ahead of the air
/// does not rest, and gives way to a faster one early enough.
public struct GenerationPolicy: Sendable, Equatable {
    public var bands: HealthBands
    public var targetHours: Double
    /// At this the generators stop.
    public var maxHours: Double
    public var trackSeconds: Double
    /// Generators at work at the same time.
    public var generators: Int
    /// How far ahead a rest is judged: what is over or under the level to hold is to be gone after so long.
    public var horizonHours = 6.0
    /// Under that level the Buffer grows by at least this in an hour, where the backend is fast enough.
    public var riseRateMin = 0.25
    /// A backend that gave way is asked again this far above where it did.
    public var returnHours = 2.0
    /// With so many hours of music an hour a backend fills an empty Buffer by itself.
    public var fillsQuicklyRate = 2.0

    public init(
        bands: HealthBands = HealthBands(), targetHours: Double = 24, maxHours: Double = 30, trackSeconds: Double = 60,
        generators: Int = 1
    ) {
        self.bands = bands
        self.targetHours = targetHours
        self.maxHours = max(maxHours, targetHours)
        self.trackSeconds = max(1, trackSeconds)
        self.generators = max(0, generators)
    }

    /// Hours of music in an hour from all generators, when they ask `pace` and rest only for the load. Nil when the
    /// speed is not known.
    public func yield(_ pace: BackendPace, extraRestSeconds: Double = 0) -> Double? {
        guard let seconds = batchSeconds(pace) else { return nil }
        return Double(generators) * music(pace) / (seconds + extraRestSeconds)
    }

    /// True when the Buffer is as full as it may be.
    public func isFull(hours: Double) -> Bool { hours >= maxHours }

    // MARK: - Rests

    /// Seconds that a generator rests after a batch of `name`: at most the state's rest, and none in CRITICAL and
    /// worse.
    public func restSeconds(in situation: Situation, after name: String?) -> Double {
        let whole = bands.restSeconds(in: situation.health)
        guard whole > 0 else { return 0 }
        guard let pace = situation.pace(of: name), let seconds = batchSeconds(pace), generators > 0 else {
            return whole
        }
        // Resting with it would only bring the end nearer; and whoever stands in for the first choice is to be done
        // soon, so that the first choice is heard again.
        let first = situation.backends.first(where: \.isAvailable)
        if yield(pace) ?? 0 <= 1 || (first?.name != name && first?.speed != nil) { return 0 }
        let lack = (holdHours(in: situation.health, pace) - situation.hours) / horizonHours
        let wanted = 1 + (lack > 0 ? max(lack, riseRateMin) : lack)
        guard wanted > 0 else { return whole }
        let allowed = Double(generators) * music(pace) / wanted - seconds - situation.extraRestSeconds
        return min(whole, max(0, allowed))
    }

    /// The level that rests must not let the Buffer sink below: its target, and where its state ends.
    func holdHours(in health: BufferHealth, _ pace: BackendPace) -> Double {
        max(targetHours, floor(of: health)) + guardHours(pace)
    }

    private func floor(of health: BufferHealth) -> Double {
        switch health {
        case .healthy: bands.healthyHours
        case .warning: bands.warningHours
        case .critical: bands.criticalHours
        case .emergency: bands.emergencyHours
        case .depleted: 0
        }
    }

    /// What plays while a batch is made, and the hysteresis: a level is held only with this on top.
    func guardHours(_ pace: BackendPace) -> Double {
        let widest = max(0, bands.healthyHours - bands.warningHours) / 4
        return min(widest, bands.hysteresisHours + (batchSeconds(pace) ?? 0) / 3600)
    }

    // MARK: - Which backend

    /// The backend to ask: the first choice, unless it is too slow for what is left on the Buffer. One whose speed
    /// nobody knows is tried.
    /// - Parameter asked: the one asked last; nil at first.
    /// - Returns: nil when none is available.
    public func backend(in situation: Situation, asked: String?) -> String? {
        let chain = situation.backends.filter(\.isAvailable)
        let placeBefore = chain.firstIndex { $0.name == asked } ?? 0
        for (place, pace) in chain.enumerated().dropLast() {
            guard let level = leaveHours(pace, situation) else { return pace.name }
            // A backend that gave way comes back later than it went.
            let back = placeBefore > place ? returnSpan(pace) : 0
            if situation.hours > level + back { return pace.name }
        }
        return fastest(chain, situation)?.name
    }

    /// At how many hours of music `pace` gives way to the next in the chain; nil when it never does.
    public func leaveHours(_ pace: BackendPace, _ situation: Situation) -> Double? {
        guard let rate = yield(pace, extraRestSeconds: situation.extraRestSeconds) else { return nil }
        // A station that could go dark at any moment first gets the hours that an outage may take.
        if rate > 1 { return rate >= fillsQuicklyRate ? nil : bands.emergencyHours }
        return bands.warningHours + guardHours(pace)
    }

    private func returnSpan(_ pace: BackendPace) -> Double {
        min(returnHours, max(0, bands.healthyHours - bands.warningHours) / 2)
    }

    /// The last of the chain, unless one before it is faster.
    private func fastest(_ chain: [BackendPace], _ situation: Situation) -> BackendPace? {
        guard let last = chain.last, let rate = yield(last, extraRestSeconds: situation.extraRestSeconds) else {
            return chain.last
        }
        let others = chain.dropLast().filter { (yield($0, extraRestSeconds: situation.extraRestSeconds) ?? 0) > rate }
        return others.max { (yield($0) ?? 0) < (yield($1) ?? 0) } ?? last
    }

    // MARK: - Figures

    /// Seconds of music in a batch.
    public func music(_ pace: BackendPace) -> Double { Double(max(1, pace.batch)) * trackSeconds }

    /// Seconds that one generator works on a batch.
    public func batchSeconds(_ pace: BackendPace) -> Double? {
        guard let speed = pace.speed, speed.isFinite, speed > 0 else { return nil }
        return music(pace) / speed
    }
}
