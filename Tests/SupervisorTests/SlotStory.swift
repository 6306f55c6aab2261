import Supervisor

/// A slot told of one thing after the other, for tests that say one rule each. The clock moves only when told.
struct SlotStory {
    var slot: Slot
    var now = 0.0
    var jitter = 1.0

    init(_ policy: RestartPolicy = RestartPolicy()) { slot = Slot(policy: policy) }

    /// A worker that is running and ready at 0.
    static func running(_ policy: RestartPolicy = RestartPolicy()) -> SlotStory {
        var story = SlotStory(policy)
        story.tell(.begin)
        story.tell(.ready)
        return story
    }

    /// What the slot wants done; the notes apart.
    @discardableResult
    mutating func tell(_ event: Slot.Event, at time: Double? = nil) -> [Slot.Action] {
        now = time ?? now
        return slot.handle(event, now: now, jitter: jitter).filter { if case .note = $0 { false } else { true } }
    }

    @discardableResult
    mutating func tick(at time: Double? = nil) -> [Slot.Action] { tell(.tick(mayStart: true), at: time) }

    /// The process ends and leaves nothing behind.
    @discardableResult
    mutating func die(_ cause: ExitCause = .crash, at time: Double? = nil) -> [Slot.Action] {
        tell(.exited(cause, "it ended"), at: time) + tell(.groupEmpty)
    }

    /// Goes on to when it is started again.
    @discardableResult
    mutating func startAgain() -> [Slot.Action] { tick(at: slot.startDeadline ?? now) }

    /// It works for so long, as its reports say.
    mutating func work(_ seconds: Double) {
        let end = now + seconds
        while now < end {
            now = min(end, now + 1)
            tell(.progressed)
            tick()
        }
    }

    /// It is started again and dies at once, so often.
    mutating func fail(_ times: Int, afterReady: Bool = true, _ cause: ExitCause = .crash) {
        for _ in 0..<times {
            if !slot.hasProcess { startAgain() }
            if afterReady { tell(.ready) }
            die(cause)
        }
    }

    /// It fails until it is left alone.
    mutating func failUntilQuarantined() {
        for _ in 0..<100 where slot.phase.word != "quarantined" { fail(1) }
    }

    /// The pause that it is in, in seconds.
    var pause: Double? { slot.startDeadline.map { $0 - now } }
    var memory: Slot.Memory { slot.memory(now: now) }
}
