internal import Domain

/// How a worker's life ended, as far as it decides what happens next.
public enum ExitCause: Sendable, Hashable {
    /// It ended although nobody asked it to, or by a signal.
    case crash
    /// Its configuration or command line is wrong: the next life would end the same way.
    case configuration
    /// The executable is not there or may not be run.
    case missingBinary
    /// It did nothing any more and was killed for it.
    case stuck
}

/// When a worker is started again, and when it is left alone for a while.
public struct RestartPolicy: Sendable, Hashable {
    /// The pause before the first restart, and the longest, in seconds. Each pause is drawn between half and all of
    /// its ceiling.
    public var pauseSecondsFirst = 0.5
    public var pauseSecondsMax = 30.0
    /// After running so long the worker counts as sound again, and what happened before is forgotten. Short, because
    /// a pause must end before the encoder's cushion does: a feeder that dies twice a minute is back at once each time.
    public var stableSeconds = 10.0
    /// More failures than this within the window: quarantine.
    public var failuresMax = 8
    public var failureWindowSeconds = 300.0
    /// A quarantined worker is tried once after so long, for ever.
    public var probeSeconds = 60.0
    /// A worker that is not ready and has shown no progress for so long is stuck.
    public var startSecondsMax = 180.0
    /// What each rung of the stop ladder may take: asked, then SIGTERM, then SIGKILL.
    public var askSecondsMax = 8.0
    public var terminateSecondsMax = 3.0

    public init() {}
}

/// One worker's state, and the pure table of what follows from what happens to it.
///
/// Nothing here touches a process or a clock: `handle` is told the time and what happened, and answers with what is
/// to be done. The invariants that hold for every sequence of events are in `SlotTests`.
public struct Slot: Sendable {
    public enum Rung: Sendable, Hashable { case asked, terminated, killed }

    public enum Phase: Sendable, Hashable {
        /// Not wanted.
        case stopped
        /// The process lives and has not said that it is ready.
        case starting(since: Double)
        case running(since: Double)
        /// It is being taken down; `deadline` is when the next rung follows.
        case stopping(Rung, deadline: Double)
        case backingOff(until: Double)
        /// It failed too often; one attempt follows at `until`.
        case quarantined(until: Double)
        /// Starting it again is pointless until an operator changes something.
        case held
    }

    public enum Event: Sendable, Hashable {
        case start
        case stop
        /// An operator's restart: forgets the failures so far.
        case restart
        case spawnFailed(ExitCause, String)
        case ready
        /// Its progress figure moved: a long start that gets on is not a stuck one.
        case progressed
        case exited(ExitCause, String)
        /// It lives, and does not work any more.
        case stuck(String)
        /// Time has passed.
        case tick
    }

    public enum Action: Sendable, Hashable {
        /// Start a process for this generation; report `.spawnFailed` if that cannot be done.
        case spawn(generation: Int)
        case ask
        case terminate
        case killGroup
        /// Tell the operator.
        case say(String)
    }

    public private(set) var phase = Phase.stopped
    /// Counts lives; a process of another generation is not this slot's any more.
    public private(set) var generation = 0
    public private(set) var restarts = 0
    public private(set) var lastExit: String?
    private var wanted = false
    private var failureTimes: [Double] = []
    private var failuresInARow = 0
    private var probing = false
    private var killedAsStuck = false
    private let policy: RestartPolicy

    public init(policy: RestartPolicy) { self.policy = policy }

    /// True while a process of this slot may live.
    public var hasProcess: Bool {
        switch phase {
        case .starting, .running, .stopping: true
        case .stopped, .backingOff, .quarantined, .held: false
        }
    }

    /// When `tick` must come next; nil when nothing is due.
    public var deadline: Double? {
        switch phase {
        case .starting(let since): since + policy.startSecondsMax
        case .stopping(_, let deadline): deadline
        case .backingOff(let until), .quarantined(let until): until
        case .running(let since): failuresInARow > 0 ? since + policy.stableSeconds : nil
        case .stopped, .held: nil
        }
    }

    /// What follows from `event`.
    /// - Parameters:
    ///   - now: monotonic seconds.
    ///   - jitter: 0...1, drawn anew for every call.
    public mutating func handle(_ event: Event, now: Double, jitter: Double) -> [Action] {
        switch event {
        case .start:
            wanted = true
            return hasProcess ? [] : spawn(now: now)
        case .stop:
            wanted = false
            return takeDown(now: now)
        case .restart:
            wanted = true
            forgetFailures()
            if case .stopping = phase { return [] }
            return hasProcess ? takeDown(now: now) : spawn(now: now)
        case .spawnFailed(let cause, let words): return ended(cause, words, now: now, jitter: jitter)
        case .ready:
            guard case .starting = phase else { return [] }
            phase = .running(since: now)
            return []
        case .progressed:
            if case .starting = phase { phase = .starting(since: now) }
            return []
        case .exited(let cause, let words):
            guard hasProcess else { return [] }
            return [.killGroup] + ended(killedAsStuck ? .stuck : cause, words, now: now, jitter: jitter)
        case .stuck(let words):
            switch phase {
            case .starting, .running:
                killedAsStuck = true
                phase = .stopping(.killed, deadline: now + policy.terminateSecondsMax)
                return [.say("stuck: \(words); killing it"), .killGroup]
            default: return []
            }
        case .tick: return tick(now: now, jitter: jitter)
        }
    }

    private mutating func tick(now: Double, jitter: Double) -> [Action] {
        guard let deadline, now >= deadline else { return [] }
        switch phase {
        case .starting:
            return handle(
                .stuck("neither ready nor any progress for \(Int(policy.startSecondsMax)) s"), now: now, jitter: jitter)
        case .running:
            forgetFailures()
            return []
        case .stopping(.asked, _):
            phase = .stopping(.terminated, deadline: now + policy.terminateSecondsMax)
            return [.terminate]
        case .stopping(.terminated, _), .stopping(.killed, _):
            phase = .stopping(.killed, deadline: now + policy.terminateSecondsMax)
            return [.killGroup]
        case .backingOff: return spawn(now: now)
        case .quarantined:
            probing = true
            return [.say("trying once more")] + spawn(now: now)
        case .stopped, .held: return []
        }
    }

    private mutating func takeDown(now: Double) -> [Action] {
        switch phase {
        case .starting, .running:
            phase = .stopping(.asked, deadline: now + policy.askSecondsMax)
            return [.ask]
        case .stopping: return []
        case .stopped, .backingOff, .quarantined, .held:
            phase = .stopped
            return []
        }
    }

    private mutating func spawn(now: Double) -> [Action] {
        generation += 1
        if generation > 1 { restarts += 1 }
        killedAsStuck = false
        phase = .starting(since: now)
        return [.spawn(generation: generation)]
    }

    private mutating func ended(_ cause: ExitCause, _ words: String, now: Double, jitter: Double) -> [Action] {
        lastExit = words
        let wasAsked: Bool
        if case .stopping = phase { wasAsked = !killedAsStuck } else { wasAsked = false }
        if case .running(let since) = phase, now - since >= policy.stableSeconds { forgetFailures() }
        guard wanted else {
            phase = .stopped
            return []
        }
        if wasAsked { return spawn(now: now) }
        switch cause {
        case .configuration, .missingBinary:
            phase = .held
            return [.say("\(words); not started again until that is mended and `lofisup ctl restart` is given")]
        case .crash, .stuck: return backOff(words, now: now, jitter: jitter)
        }
    }

    private mutating func backOff(_ words: String, now: Double, jitter: Double) -> [Action] {
        failuresInARow += 1
        failureTimes = failureTimes.filter { now - $0 < policy.failureWindowSeconds } + [now]
        if probing || failureTimes.count > policy.failuresMax {
            phase = .quarantined(until: now + policy.probeSeconds)
            let often = "\(words); \(failuresInARow) failures"
            return [.say("\(often): left alone for \(Int(policy.probeSeconds)) s, then tried once")]
        }
        let doubled = policy.pauseSecondsFirst * Double(1 << min(failuresInARow - 1, 20))
        let pause = min(policy.pauseSecondsMax, doubled) * (0.5 + 0.5 * jitter)
        phase = .backingOff(until: now + pause)
        return [.say("\(words); starting it again in \((pause * 10).rounded() / 10) s")]
    }

    private mutating func forgetFailures() {
        failureTimes = []
        failuresInARow = 0
        probing = false
    }
}
