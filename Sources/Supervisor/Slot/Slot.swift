/// One worker's state, and the pure table of what follows from what happens to it.
///
/// Nothing here touches a process or a clock: `handle` is told the time and what happened, and answers with what is
/// to be done, in that order. The invariants that hold for every sequence of events are in `SlotSequenceTests`.
public struct Slot: Sendable {
    public private(set) var phase = Phase.stopped
    /// Counts lives; a process of another generation is not this slot's any more.
    public private(set) var generation = 0
    public private(set) var restarts = 0
    public private(set) var lastExit: Exit?
    /// Stretches what is asked of a worker while the machine is under pressure; never below 1.
    public var pressureFactor = 1.0 { didSet { pressureFactor = max(1, pressureFactor) } }

    /// May change while it runs: what is spent of a budget stays spent.
    public var policy: RestartPolicy { didSet { budget.policy = policy } }
    private(set) var budget: RestartBudget
    private(set) var life = SlotLife(startedAt: 0)
    private(set) var binaryProbeAt = 0.0
    /// Somebody wants it to run.
    public private(set) var isWanted = false
    /// An operator asked for the next life while the last one is still going.
    private var startsAtOnce = false
    /// Where it goes once the group is empty.
    private var afterwards = Phase.stopped
    private var isStoppedByOperator = false
    /// The end of a pause that began in the supervisor's previous life.
    private var notBefore = 0.0

    public init(policy: RestartPolicy) {
        self.policy = policy
        budget = RestartBudget(policy: policy)
    }

    /// A slot that goes on where another supervisor left it; `adopt`, `leftover` and `begin` follow.
    public init(policy: RestartPolicy, memory: Memory, now: Double) {
        self.policy = policy
        budget = RestartBudget(policy: policy, memory: memory.budget, now: now)
        generation = max(0, memory.generation)
        restarts = max(0, memory.restarts)
        lastExit = memory.lastExit
        isStoppedByOperator = memory.isStoppedByOperator
        // No pause is longer; one that says so was written under another policy.
        let longest = max(policy.probeSecondsMax, policy.pauseSecondsMax, policy.diskFullSeconds)
        notBefore = now + min(memory.pauseSecondsLeft ?? 0, longest)
    }

    public func memory(now: Double) -> Memory {
        var left: Double?
        switch hasProcess ? afterwards : phase {
        case .backingOff(let until) where !startsAtOnce, .quarantined(let until) where !startsAtOnce:
            left = max(0, until - now)
        default: break
        }
        return Memory(
            generation: generation, restarts: restarts, isStoppedByOperator: isStoppedByOperator,
            budget: budget.memory(now: now), pauseSecondsLeft: left, lastExit: lastExit)
    }

    /// What follows from `event`.
    /// - Parameters:
    ///   - now: monotonic seconds.
    ///   - jitter: 0...1, drawn anew for every call.
    public mutating func handle(_ event: Event, now: Double, jitter: Double) -> [Action] {
        switch event {
        case .begin: return begin(now: now)
        case .start, .restart: return start(again: event == .restart, now: now)
        case .stop, .end, .stopNow:
            (isWanted, startsAtOnce) = (false, false)
            if event == .stop { isStoppedByOperator = true }
            return event == .stopNow ? killNow(now: now) : takeDown(now: now)
        case .pause: return pause(now: now)
        case .resume: return resume(now: now)
        case .conditionsMended: return mended(now: now)

        case .adopt(let found): return adopt(generation: found, now: now)
        case .leftover(let found): return clear(generation: found, now: now)

        case .spawnFailed(let cause, let words):
            guard leaderLives else { return [] }
            return end(cause, words, now: now, jitter: jitter) + settle(now: now)
        case .ready: return ready(now: now)
        case .heard:
            life.hear(now: now)
            return []
        case .progressed:
            life.move(now: now)
            return []
        case .exited(let cause, let words):
            guard leaderLives else { return [] }
            let actions = end(cause, words, now: now, jitter: jitter)
            phase = .emptying(deadline: now + policy.killSecondsMax)
            return actions + [.killGroup]
        case .groupEmpty: return hasProcess && life.hasEnded ? settle(now: now) : []
        case .stuck(let words): return stuck(words, now: now)

        case .tick(let mayStart): return tick(mayStart: mayStart, now: now)
        case .woke: return woke(now: now)
        }
    }
}

// MARK: - Starting

extension Slot {
    private mutating func begin(now: Double) -> [Action] {
        guard !isStoppedByOperator, !isWanted else { return [] }
        isWanted = true
        let rest: Phase =
            budget.failedProbes > 0 && now < notBefore
            ? .quarantined(until: notBefore) : .backingOff(until: max(now, notBefore))
        switch phase {
        case .stopped where now < notBefore: phase = rest
        case .stopped: return spawn(now: now)
        // What another life left behind is going; then the rest of the pause follows.
        case _ where life.hasEnded: afterwards = rest
        default: startsAtOnce = true
        }
        return []
    }

    private mutating func start(again: Bool, now: Double) -> [Action] {
        let notes: [Action] =
            budget.isClean ? [] : [.note(.operation, "\(budget.failuresInARow) failures are forgotten")]
        budget.forget()
        (isWanted, isStoppedByOperator) = (true, false)
        notBefore = now
        switch phase {
        case .stopped, .backingOff, .quarantined, .held: return notes + spawn(now: now)
        case .starting, .running, .paused: return notes + (again ? takeDown(now: now) : [])
        case .stopping, .emptying, .unkillable:
            startsAtOnce = true
            return notes
        }
    }

    private mutating func spawn(now: Double) -> [Action] {
        generation += 1
        if generation > 1 { restarts += 1 }
        (startsAtOnce, afterwards) = (false, .stopped)
        life = SlotLife(startedAt: now)
        phase = .starting(since: now)
        return [.spawn(generation: generation)]
    }

    private mutating func ready(now: Double) -> [Action] {
        guard leaderLives, life.readyAt == nil else { return [] }
        life.becomeReady(now: now)
        // One that is paused or on its way out stays so.
        if case .starting = phase { phase = .running(since: now) }
        return [.note(.ready, "ready after \(tenths(now - life.startedAt)) s")]
    }

    private mutating func adopt(generation found: Int, now: Double) -> [Action] {
        guard found >= generation else { return clear(generation: found, now: now) }
        guard !hasProcess else { return [] }
        generation = found
        life = SlotLife(startedAt: now)
        life.becomeReady(now: now)
        phase = .running(since: now)
        isWanted = !isStoppedByOperator
        // It may have been paused.
        return [.thaw, .note(.adopted, "found alive and taken over")] + (isWanted ? [] : takeDown(now: now))
    }

    private mutating func clear(generation found: Int, now: Double) -> [Action] {
        guard !hasProcess else { return life.hasEnded ? [.killGroup] : [] }
        generation = max(generation, found)
        life = SlotLife(startedAt: now)
        life.hasEnded = true
        afterwards = phase
        phase = .emptying(deadline: now + policy.killSecondsMax)
        return [.note(.stopping, "killing what is left of it from before"), .killGroup]
    }

    private mutating func mended(now: Double) -> [Action] {
        life.wasMended = true
        switch phase {
        case .held, .quarantined: break
        case .backingOff where lastExit?.cause == .diskFull: break
        default: return []
        }
        phase = .backingOff(until: now)
        return [.note(.operation, "something was mended: trying again")]
    }
}

// MARK: - Stopping

extension Slot {
    private mutating func takeDown(now: Double) -> [Action] {
        switch phase {
        case .starting, .running, .paused:
            var actions: [Action] = [.note(.stopping, "asked to stop"), .ask]
            if case .paused = phase { actions.insert(.thaw, at: 1) }
            startsAtOnce = isWanted
            life.sentence = .stopped
            phase = .stopping(.asked, deadline: now + policy.askSecondsMax)
            return actions
        case .stopped, .stopping, .emptying, .unkillable: return []
        case .backingOff, .quarantined, .held:
            phase = .stopped
            return [.note(.stopped, "not started again")]
        }
    }

    private mutating func killNow(now: Double) -> [Action] {
        switch phase {
        case .starting, .running, .paused, .stopping(.asked, _), .stopping(.terminated, _):
            if life.sentence == nil { life.sentence = .stopped }
            phase = .stopping(.killed, deadline: now + policy.killSecondsMax)
            return [.note(.stopping, "killed: asked to stop at once"), .killGroup]
        case .stopping(.killed, _), .emptying, .unkillable: return [.killGroup]
        case .stopped, .backingOff, .quarantined, .held: return takeDown(now: now)
        }
    }

    private mutating func pause(now: Double) -> [Action] {
        switch phase {
        case .starting, .running:
            phase = .paused(since: now)
            return [.freeze, .note(.paused, "paused by an operator")]
        case .paused: return []
        default: return [.note(.operation, "cannot be paused: it is \(phase.word)")]
        }
    }

    private mutating func resume(now: Double) -> [Action] {
        guard case .paused = phase else { return [.note(.operation, "cannot go on: it is \(phase.word)")] }
        life.excuse(now: now)
        phase = life.readyAt.map { .running(since: $0) } ?? .starting(since: life.startedAt)
        return [.thaw, .note(.resumed, "goes on")]
    }

    private mutating func stuck(_ words: String, now: Double) -> [Action] {
        switch phase {
        case .starting, .running:
            life.sentence = .watchdog
            phase = .stopping(.killed, deadline: now + policy.killSecondsMax)
            return [.note(.stuck, "stuck: \(words); killing it"), .keepEvidence, .killGroup]
        default: return []
        }
    }
}

// MARK: - The end of a life

extension Slot {
    /// The leader has ended: decides where the slot goes once the group is empty.
    private mutating func end(_ reported: ExitCause, _ words: String, now: Double, jitter: Double) -> [Action] {
        life.hasEnded = true
        // Nobody asked it to: for a station any end is one too many.
        let cause = life.sentence ?? (reported == .stopped ? .crash : reported)
        let isNew = lastExit?.cause != cause || life.readyAt != nil
        lastExit = Exit(cause: cause, words: words)
        let note = Action.note(.exited, "\(words) (\(cause.rawValue))")
        // Time in which it was frozen or on its way out speaks neither for it nor against it.
        if case .running = phase, life.isSound(policy, now: now) { budget.forget() }
        afterwards = .stopped
        guard isWanted, !startsAtOnce else { return [note] }
        switch cause {
        case .configuration:
            afterwards = .held(cause)
            return [note, .note(.held, "\(words): held until that is mended or `lofisup ctl restart` is given")]
        // These are looked at again and again, and told once.
        case .missingBinary:
            afterwards = .held(cause)
            binaryProbeAt = now + policy.missingBinaryProbeSeconds
            let words = "\(words): held; looked for every \(tenths(policy.missingBinaryProbeSeconds)) s"
            return isNew ? [note, .note(.held, words)] : []
        case .diskFull:
            afterwards = .backingOff(until: now + policy.diskFullSeconds)
            let words = "\(words): tried again every \(tenths(policy.diskFullSeconds)) s until there is room"
            return isNew ? [note, .note(.backingOff, words)] : []
        case .stopped, .crash, .outOfMemory, .watchdog, .tryAgain:
            return [note, fail(cause, words, now: now, jitter: jitter)]
        }
    }

    private mutating func fail(_ cause: ExitCause, _ words: String, now: Double, jitter: Double) -> Action {
        switch budget.fail(cause, wasReady: life.readyAt != nil, now: now, jitter: jitter) {
        case .backOff(let seconds):
            afterwards = .backingOff(until: now + seconds)
            return .note(.backingOff, "\(words); starting it again in \(tenths(seconds)) s")
        case .quarantine(let seconds):
            afterwards = .quarantined(until: now + seconds)
            let often = "\(words); \(budget.failuresInARow) failures"
            return .note(.quarantined, "\(often): left alone for \(tenths(seconds)) s, then tried once")
        }
    }

    /// The group is empty.
    private mutating func settle(now: Double) -> [Action] {
        guard isWanted else {
            phase = .stopped
            return [.note(.stopped, "stopped")]
        }
        if startsAtOnce { return spawn(now: now) }
        phase = afterwards
        // What it complained of may be mended already: it had read the old configuration.
        if case .held = phase, life.wasMended { phase = .backingOff(until: now + policy.tryAgainSeconds) }
        return []
    }

    private func tenths(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10)" }
}

// MARK: - Time

extension Slot {
    private mutating func tick(mayStart: Bool, now: Double) -> [Action] {
        guard let deadline = deadline(mayStart: mayStart), now >= deadline else { return [] }
        switch phase {
        case .starting, .running:
            guard now >= life.stuckAt(policy, factor: pressureFactor) else {
                budget.forget()
                return []
            }
            return stuck(life.reproach(policy, factor: pressureFactor, now: now), now: now)
        case .stopping(.asked, _):
            phase = .stopping(.terminated, deadline: now + policy.terminateSecondsMax)
            return [.terminate]
        case .stopping(.terminated, _):
            phase = .stopping(.killed, deadline: now + policy.killSecondsMax)
            return [.note(.stopping, "did not stop when told to: killing it"), .killGroup]
        case .stopping(.killed, _), .emptying:
            phase = .unkillable(retryAt: now + policy.unkillableRetrySeconds)
            return [.note(.unkillable, "killed \(tenths(policy.killSecondsMax)) s ago and still there"), .killGroup]
        case .unkillable:
            phase = .unkillable(retryAt: now + policy.unkillableRetrySeconds)
            return [.killGroup]
        case .backingOff, .quarantined, .held: return spawn(now: now)
        case .stopped, .paused: return []
        }
    }

    private mutating func woke(now: Double) -> [Action] {
        life.excuse(now: now)
        switch phase {
        case .stopping(.asked, _): phase = .stopping(.asked, deadline: now + policy.askSecondsMax)
        case .stopping(.terminated, _): phase = .stopping(.terminated, deadline: now + policy.terminateSecondsMax)
        case .stopping(.killed, _): phase = .stopping(.killed, deadline: now + policy.killSecondsMax)
        case .emptying: phase = .emptying(deadline: now + policy.killSecondsMax)
        default: break
        }
        return []
    }
}
