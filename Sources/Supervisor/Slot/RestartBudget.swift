/// How often a worker has failed lately, and how long to wait after the next time.
///
/// Two token buckets (starts that failed, lives that ended after they were ready) say when a worker is left alone; the
/// failures in a row say how long the pauses between restarts are. A stable life or an operator's order makes it new.
struct RestartBudget: Sendable, Hashable {
    enum Verdict: Sendable, Hashable {
        case backOff(seconds: Double)
        /// The budget is spent, or a try out of the quarantine failed.
        case quarantine(seconds: Double)
    }

    /// What is kept of it over a restart of the supervisor.
    struct Memory: Sendable, Hashable, Codable {
        var startsLeft: Double
        var livesLeft: Double
        var failuresInARow: Int
        var failedProbes: Int
    }

    var policy: RestartPolicy
    private var starts: TokenBucket
    private var lives: TokenBucket
    private(set) var failuresInARow = 0
    /// How often it came to quarantine since it was last sound. Above 0 the next life is a try out of it.
    private(set) var failedProbes = 0

    init(policy: RestartPolicy) {
        self.policy = policy
        starts = TokenBucket(capacity: policy.failuresMax, fullAfterSeconds: policy.failureWindowSeconds)
        lives = starts
    }

    init(policy: RestartPolicy, memory: Memory, now: Double) {
        self.init(policy: policy)
        starts.restore(memory.startsLeft, now: now)
        lives.restore(memory.livesLeft, now: now)
        failuresInARow = max(0, memory.failuresInARow)
        failedProbes = max(0, memory.failedProbes)
    }

    func memory(now: Double) -> Memory {
        Memory(
            startsLeft: starts.level(now: now), livesLeft: lives.level(now: now), failuresInARow: failuresInARow,
            failedProbes: failedProbes)
    }

    /// True when there is nothing to forget.
    var isClean: Bool { failuresInARow == 0 && failedProbes == 0 }

    mutating func forget() { self = RestartBudget(policy: policy) }

    /// Counts one failure.
    /// - Parameter wasReady: the life had been ready, so it is not the start that failed.
    mutating func fail(_ cause: ExitCause, wasReady: Bool, now: Double, jitter: Double) -> Verdict {
        failuresInARow += 1
        let wasWithin = wasReady ? lives.spend(now: now) : starts.spend(now: now)
        guard wasWithin, failedProbes == 0 else {
            failedProbes += 1
            return .quarantine(seconds: doubled(policy.probeSeconds, failedProbes, max: policy.probeSecondsMax))
        }
        let ceiling =
            switch cause {
            case .tryAgain: policy.tryAgainSeconds
            case .outOfMemory: doubled(policy.memoryPauseSecondsFirst, failuresInARow, max: policy.pauseSecondsMax)
            default: doubled(policy.pauseSecondsFirst, failuresInARow, max: policy.pauseSecondsMax)
            }
        return .backOff(seconds: ceiling * (0.5 + 0.5 * jitter))
    }

    private func doubled(_ first: Double, _ times: Int, max longest: Double) -> Double {
        min(longest, first * Double(1 << min(times - 1, 20)))
    }
}

/// Tokens that are spent one by one and come back evenly with time.
struct TokenBucket: Sendable, Hashable {
    private let capacity: Double
    private let fullAfterSeconds: Double
    private var tokens: Double
    private var countedAt = 0.0

    init(capacity: Int, fullAfterSeconds: Double) {
        self.capacity = Double(capacity)
        self.fullAfterSeconds = fullAfterSeconds
        tokens = Double(capacity)
    }

    func level(now: Double) -> Double {
        min(capacity, tokens + max(0, now - countedAt) * capacity / fullAfterSeconds)
    }

    /// False when there is none left to spend.
    mutating func spend(now: Double) -> Bool {
        restore(level(now: now), now: now)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    mutating func restore(_ level: Double, now: Double) {
        tokens = min(capacity, max(0, level))
        countedAt = now
    }
}
