/// When generators are stopped and when they go on: a wave with a period of two seconds, so that none is ever stopped
/// for longer than that.
struct GovernorDuty: Sendable {
    enum Step: Sendable, Equatable { case hold, goOn }

    static let periodSeconds = 2.0
    private(set) var isHolding = false
    private(set) var deadline: Double?
    private var share = 0.0

    /// - Returns: true when those that are stopped have to go on at once.
    mutating func set(share: Double, now: Double) -> Bool {
        guard share != self.share else { return false }
        self.share = share
        if share == 0 {
            defer { isHolding = false }
            deadline = nil
            return isHolding
        }
        if deadline == nil { deadline = now }
        return false
    }

    mutating func turn(now: Double) -> Step? {
        guard let due = deadline, now >= due else { return nil }
        isHolding.toggle()
        // From now on, not from when it was due: a loop that was late must not make it up.
        deadline = now + (isHolding ? share : 1 - share) * Self.periodSeconds
        return isHolding ? .hold : .goOn
    }
}
