/// How long a backend rests after failures in a row.
public struct BreakerSchedule: Sendable, Hashable {
    /// After the first failure; doubled by each further one.
    public var firstRestSeconds: Double
    public var restSecondsMax: Double
    /// Refused tracks in a row that count as one failure.
    public var refusalsForAFailure: Int

    public init(firstRestSeconds: Double = 15, restSecondsMax: Double = 1800, refusalsForAFailure: Int = 3) {
        self.firstRestSeconds = firstRestSeconds
        self.restSecondsMax = restSecondsMax
        self.refusalsForAFailure = refusalsForAFailure
    }

    /// - Parameter failures: in a row, from 1.
    public func restSeconds(afterFailures failures: Int) -> Double {
        // 2^30 is past every sensible maximum, and never overflows.
        min(restSecondsMax, firstRestSeconds * Double(1 << min(max(failures - 1, 0), 30)))
    }
}

/// How one backend of a chain fares.
public struct BackendState: Sendable, Hashable, Codable {
    public var name: String
    /// Until it is asked again; 0 when it would be asked now.
    public var restSeconds: Double
    public var failuresInARow: Int
    /// The last failure, in words; nil when it plays.
    public var why: String?

    public init(name: String, restSeconds: Double, failuresInARow: Int, why: String?) {
        self.name = name
        self.restSeconds = restSeconds
        self.failuresInARow = failuresInARow
        self.why = why
    }
}

/// The circuit breaker of one backend.
struct Breaker {
    var isPrepared = false
    private(set) var failures = 0
    private(set) var refusals = 0
    /// On the monotonic clock.
    private(set) var openUntil = -Double.infinity
    private(set) var why: String?

    mutating func recordSuccess() {
        // A backend that renders what is refused has not recovered: only an admitted track clears those failures.
        guard refusals == 0 else { return }
        clear()
    }

    mutating func recordFailure(why: String, now: Double, schedule: BreakerSchedule) {
        failures += 1
        isPrepared = false
        self.why = why
        openUntil = now + schedule.restSeconds(afterFailures: failures)
    }

    mutating func recordAdmission(refusal: Refusal?, now: Double, schedule: BreakerSchedule) {
        guard let refusal else {
            refusals = 0
            clear()
            return
        }
        refusals += 1
        if refusals % max(1, schedule.refusalsForAFailure) == 0 {
            recordFailure(
                why: "\(refusals) tracks in a row refused, the last one: \(refusal)", now: now, schedule: schedule)
        }
    }

    private mutating func clear() {
        failures = 0
        why = nil
        openUntil = -Double.infinity
    }
}
