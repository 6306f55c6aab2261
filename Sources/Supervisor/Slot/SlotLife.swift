/// What is known of the process that a slot has now. Started, ready, responsive and progressing are separate facts.
struct SlotLife: Sendable, Hashable {
    let startedAt: Double
    private(set) var readyAt: Double?
    private(set) var wasHeard = false
    private(set) var hasMoved = false
    /// Since when it has been silent, and since when its progress stands still, as far as it can be blamed for it.
    private(set) var silentSince: Double
    private(set) var stillSince: Double
    /// Since when it has been running without a break.
    private(set) var soundSince: Double?
    /// Why the supervisor itself takes it down; nil while it does not.
    var sentence: ExitCause?
    /// Something was mended while it lived: what it complains of may be mended already.
    var wasMended = false
    /// The leader has been reaped; members of its group may live on.
    var hasEnded = false

    init(startedAt: Double) {
        self.startedAt = startedAt
        silentSince = startedAt
        stillSince = startedAt
    }

    mutating func becomeReady(now: Double) {
        // What it said while it started is no measure of how it runs.
        readyAt = now
        hasMoved = false
        hear(now: now)
        excuse(now: now)
    }

    mutating func hear(now: Double) {
        wasHeard = true
        silentSince = now
    }

    mutating func move(now: Double) {
        hear(now: now)
        hasMoved = true
        stillSince = now
    }

    /// What it did until now is not its fault: it was frozen, or the whole machine was.
    mutating func excuse(now: Double) {
        silentSince = now
        stillSince = now
        if readyAt != nil { soundSince = now }
    }

    func isSound(_ policy: RestartPolicy, now: Double) -> Bool {
        soundSince.map { now >= $0 + policy.stableSeconds } ?? false
    }

    /// When it will be stuck, if it does not say or do anything until then.
    /// - Parameter factor: stretches every limit; 1 on a machine at ease.
    func stuckAt(_ policy: RestartPolicy, factor: Double) -> Double {
        if readyAt == nil { return stillSince + policy.startSecondsMax * factor }
        return min(silentSince + policy.silentSecondsMax * factor, stillSince + policy.stuckSecondsMax * factor)
    }

    /// Why it is to be taken for stuck, as of now.
    func reproach(_ policy: RestartPolicy, factor: Double, now: Double) -> String {
        if readyAt == nil { return "neither ready nor any progress for \(Int(now - stillSince)) s" }
        if now >= silentSince + policy.silentSecondsMax * factor { return "no word for \(Int(now - silentSince)) s" }
        return "no progress for \(Int(now - stillSince)) s"
    }
}
