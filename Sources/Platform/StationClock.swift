internal import Glibc
internal import Synchronization

/// Time as the station needs it: handed in, so that a test can turn the hands.
public protocol StationClock: Sendable {
    /// Seconds that only grow, unaffected by a wall clock that jumps.
    var monotonicSeconds: Double { get }
    /// Seconds since 1970. Only for people to read: nothing may depend on it.
    var wallSeconds: Double { get }
    /// Waits for `seconds`.
    func sleep(seconds: Double)
}

/// The machine's clocks.
public struct SystemClock: StationClock {
    public init() {}
    public var monotonicSeconds: Double { Self.read(CLOCK_MONOTONIC) }
    public var wallSeconds: Double { Self.read(CLOCK_REALTIME) }

    public func sleep(seconds: Double) {
        guard seconds > 0 else { return }
        let until = monotonicSeconds + seconds
        var deadline = timespec(tv_sec: Int(until), tv_nsec: Int((until - until.rounded(.down)) * 1e9))
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nil) == EINTR {}
    }

    private static func read(_ clock: clockid_t) -> Double {
        var now = timespec()
        clock_gettime(clock, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}

/// A clock that stands still until a test, or a `sleep`, moves it.
public final class ManualClock: StationClock {
    private let hands: Mutex<(monotonic: Double, wall: Double)>

    public init(monotonicSeconds: Double = 1000, wallSeconds: Double = 1_800_000_000) {
        hands = Mutex((monotonicSeconds, wallSeconds))
    }

    public var monotonicSeconds: Double { hands.withLock { $0.monotonic } }
    public var wallSeconds: Double { hands.withLock { $0.wall } }

    /// Moves both clocks forward.
    public func advance(seconds: Double) {
        hands.withLock {
            $0.monotonic += seconds
            $0.wall += seconds
        }
    }

    /// Sets the wall clock alone, as NTP or an operator does.
    public func jumpWall(toSeconds seconds: Double) { hands.withLock { $0.wall = seconds } }

    public func sleep(seconds: Double) { advance(seconds: max(0, seconds)) }
}
