import Platform

/// Waiting in a benchmark: ends at once when somebody interrupts it, so that what was started is taken down.
struct Pace: Sendable {
    let stop: StopSignal
    let clock = SystemClock()

    var now: Double { clock.monotonicSeconds }

    func wait(seconds: Double) throws {
        if stop.wait(seconds: seconds) { throw Interrupted() }
    }

    /// Asks for `value` every `everySeconds` until there is one.
    /// - Throws: `NotInTime` after `seconds`.
    func wait<Value>(
        forAtMost seconds: Double, _ fact: String, everySeconds: Double = 0.05, _ value: () throws -> Value?
    ) throws -> Value {
        let deadline = now + seconds
        while true {
            if stop.isGiven { throw Interrupted() }
            if let value = try value() { return value }
            if now > deadline { throw NotInTime(fact: fact, seconds: seconds) }
            clock.sleep(seconds: everySeconds)
        }
    }

    struct Interrupted: Error, CustomStringConvertible {
        var description: String { "interrupted" }
    }

    struct NotInTime: Error, CustomStringConvertible {
        var fact: String
        var seconds: Double
        var description: String { "not within \(seconds) s: \(fact)" }
    }
}
