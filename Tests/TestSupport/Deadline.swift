public import Platform

/// A fact that did not come true in time.
public struct DeadlineExpired: Error, CustomStringConvertible {
    public let fact: String
    public let seconds: Double
    /// `file:line` of the wait.
    public let place: String

    public var description: String { "not within \(seconds) s: \(fact) (waited for at \(place))" }
}

/// Waits until `condition` holds. The one place where a test may wait: it ends as soon as the fact is true.
/// - Parameters:
///   - seconds: the longest wait, of a monotonic clock.
///   - fact: what should come true, as a sentence: it is what a failing test says.
///   - pollSeconds: the rest between two looks.
///   - condition: looked at once at least; what it throws ends the wait.
/// - Throws: `DeadlineExpired` with the fact's text.
public func eventually(
    within seconds: Double, _ fact: String, pollSeconds: Double = 0.02, clock: some StationClock = SystemClock(),
    file: String = #fileID, line: Int = #line, _ condition: () throws -> Bool
) throws {
    let deadline = clock.monotonicSeconds + seconds
    while true {
        if try condition() { return }
        if clock.monotonicSeconds >= deadline {
            throw DeadlineExpired(fact: fact, seconds: seconds, place: "\(file):\(line)")
        }
        clock.sleep(seconds: pollSeconds)
    }
}

/// As the other `eventually`, for a condition that has to await. A thread is held while it rests.
public func eventually(
    within seconds: Double, _ fact: String, pollSeconds: Double = 0.02, clock: some StationClock = SystemClock(),
    file: String = #fileID, line: Int = #line, _ condition: () async throws -> Bool
) async throws {
    let deadline = clock.monotonicSeconds + seconds
    while true {
        if try await condition() { return }
        if clock.monotonicSeconds >= deadline {
            throw DeadlineExpired(fact: fact, seconds: seconds, place: "\(file):\(line)")
        }
        rest(seconds: pollSeconds, clock: clock)
        await Task.yield()
    }
}

/// Blocking on purpose: the suspension of a task has no bound on a busy machine.
private func rest(seconds: Double, clock: some StationClock) { clock.sleep(seconds: seconds) }
