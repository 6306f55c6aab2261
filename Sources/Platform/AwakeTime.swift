internal import Synchronization

/// Wall time without the time in which this process was stopped (SIGSTOP) or frozen, as far as somebody ticks at least
/// once in `pauseSecondsMax`: a longer pause between two ticks counts as that much and no more.
public final class AwakeTime: Sendable {
    private let clock: any StationClock
    private let pauseSecondsMax: Double
    private let hands: Mutex<(last: Double, total: Double)>

    public init(clock: any StationClock, pauseSecondsMax: Double = 2.5) {
        self.clock = clock
        self.pauseSecondsMax = pauseSecondsMax
        hands = Mutex((clock.monotonicSeconds, 0))
    }

    /// Takes note that the process runs.
    public func tick() { _ = seconds }

    /// Seconds awake since it was made; ticks.
    public var seconds: Double {
        let now = clock.monotonicSeconds
        return hands.withLock { hands in
            hands.total += min(max(0, now - hands.last), pauseSecondsMax)
            hands.last = max(now, hands.last)
            return hands.total
        }
    }
}
