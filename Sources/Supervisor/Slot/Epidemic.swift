public import Domain

/// Watches over all slots: when several workers die together, it is not they who are at fault but what they share (a
/// full disk, memory, the network), and starting all of them again makes it worse.
///
/// Then restarts pause; after the pause the most important worker is started alone, as a canary; when it has lived for
/// a moment, the others follow one by one. A canary that dies doubles the pause. Pure: every call is told the time.
public struct Epidemic: Sendable {
    public struct Policy: Sendable, Hashable {
        /// So many different workers that die within so many seconds are an epidemic.
        public var deathsMin = 3
        public var windowSeconds = 3.0
        /// The first pause is short: the encoder may be among them, and every second of it is heard.
        public var pauseSecondsFirst = 1.0
        public var pauseSecondsMax = 30.0
        /// A canary that has been ready for so long has shown that one can live again.
        public var canarySeconds = 1.0
        /// A canary that takes longer to become ready proves nothing; another one is tried beside it.
        public var canarySecondsMax = 15.0
        /// Between two of the others.
        public var staggerSeconds = 0.3
        /// After so long without an epidemic the next one begins with the first pause.
        public var calmSeconds = 60.0

        public init() {}
    }

    private enum Phase: Sendable, Hashable {
        case calm
        case paused(until: Double)
        /// The pause is over; whoever is the first to be due goes.
        case choosing(since: Double)
        case canary(WorkerName, since: Double, readyAt: Double?)
        case releasing(since: Double, next: Double)
    }

    private let policy: Policy
    private var phase = Phase.calm
    /// When each worker last died, within the window.
    private var deaths: [WorkerName: Double] = [:]
    private var dead: [WorkerName] = []
    private var pauseSeconds = 0.0
    private var pausedAt = -Double.infinity
    private var hasWaiting = false

    public init(policy: Policy = Policy()) { self.policy = policy }

    /// A worker ended, or could not be started, although nobody asked it to stop.
    public mutating func died(_ worker: WorkerName, now: Double) {
        deaths = deaths.filter { now - $0.value < policy.windowSeconds }
        deaths[worker] = now
        switch phase {
        case .canary(worker, _, _): pause(now: now)
        case .calm, .choosing, .canary, .releasing: if deaths.count >= policy.deathsMin { pause(now: now) }
        case .paused: name([worker])
        }
    }

    public mutating func ready(_ worker: WorkerName, now: Double) {
        if case .canary(worker, let since, nil) = phase { phase = .canary(worker, since: since, readyAt: now) }
    }

    /// Which of the workers that are due to start may do so now. Whoever is let through must be started.
    /// - Parameter due: everyone that is due, asked with the same `now`.
    public mutating func admit(_ due: [WorkerName], now: Double) -> Set<WorkerName> {
        advance(due, now: now)
        let first = due.min(by: Self.isMoreImportant)
        var admitted: Set<WorkerName> = []
        switch phase {
        case .calm: admitted = Set(due)
        case .paused, .canary: break
        case .choosing:
            guard let first else { break }
            phase = .canary(first, since: now, readyAt: nil)
            admitted = [first]
        case .releasing(let since, let next):
            guard let first, now >= next else { break }
            phase = .releasing(since: since, next: now + policy.staggerSeconds)
            admitted = [first]
        }
        hasWaiting = admitted.count < due.count
        return admitted
    }

    /// When `admit` must be asked again although no other worker has become due; nil when that changes nothing.
    public var deadline: Double? {
        switch phase {
        case .paused(let until): until
        case .canary(_, let since, let readyAt):
            readyAt.map { $0 + policy.canarySeconds } ?? since + policy.canarySecondsMax
        case .releasing(_, let next): hasWaiting ? next : nil
        case .calm, .choosing: nil
        }
    }

    /// What it holds back and why; nil when nothing is.
    public var words: String? {
        let names = dead.map(\.description).joined(separator: ", ")
        switch phase {
        case .calm: return nil
        case .paused:
            return "\(names) ended together: nothing is started for \((pauseSeconds * 10).rounded() / 10) s"
        case .choosing: return "\(names) ended together: the first of them that is due is tried alone"
        case .canary(let canary, _, _): return "\(names) ended together: \(canary) is tried alone"
        case .releasing: return "\(names) ended together: they are started again one by one"
        }
    }

    private mutating func pause(now: Double) {
        let isNew = phase == .calm && now - pausedAt >= policy.calmSeconds
        pauseSeconds = isNew ? policy.pauseSecondsFirst : min(policy.pauseSecondsMax, pauseSeconds * 2)
        if phase == .calm { dead = [] }
        name(deaths.keys)
        pausedAt = now
        deaths = [:]
        phase = .paused(until: now + pauseSeconds)
    }

    private mutating func name(_ more: some Sequence<WorkerName>) {
        dead = Set(dead).union(more).sorted(by: Self.isMoreImportant)
    }

    private mutating func advance(_ due: [WorkerName], now: Double) {
        switch phase {
        case .paused(let until) where now >= until: phase = .choosing(since: now)
        case .choosing(let since) where due.isEmpty && now >= since + policy.calmSeconds: phase = .calm
        case .canary(_, _, let readyAt?) where now >= readyAt + policy.canarySeconds:
            phase = .releasing(since: now, next: now)
        // It takes too long, or has gone without a word to us.
        case .canary(let canary, let since, nil) where now >= since + policy.canarySecondsMax || due.contains(canary):
            phase = .choosing(since: now)
        case .releasing(let since, _) where due.isEmpty && now >= since + policy.windowSeconds: phase = .calm
        case .calm, .paused, .choosing, .canary, .releasing: break
        }
    }

    /// The station is heard through the encoder, fed by the feeder, seen on the dashboard; generators can wait.
    private static func isMoreImportant(_ one: WorkerName, _ other: WorkerName) -> Bool {
        let order: [WorkerRole] = [.encoder, .feeder, .dashboard, .generator]
        let ranks = (order.firstIndex(of: one.role) ?? order.count, order.firstIndex(of: other.role) ?? order.count)
        return ranks.0 == ranks.1 ? one.index < other.index : ranks.0 < ranks.1
    }
}
