/// What can be read off a slot.
extension Slot {
    /// True while a process of this slot may live.
    public var hasProcess: Bool {
        switch phase {
        case .starting, .running, .paused, .stopping, .emptying, .unkillable: true
        case .stopped, .backingOff, .quarantined, .held: false
        }
    }

    /// True while the process itself, not only what it left behind, may live.
    var leaderLives: Bool { hasProcess && !life.hasEnded }

    /// The present life has said that it can work.
    public var isReady: Bool { leaderLives && life.readyAt != nil }

    /// It has said something, and not too long ago.
    public func isResponsive(now: Double) -> Bool {
        leaderLives && life.wasHeard && now < life.silentSince + policy.silentSecondsMax * pressureFactor
    }

    /// Its work has moved since it was ready, and not too long ago.
    public func isProgressing(now: Double) -> Bool {
        isReady && life.hasMoved && now < life.stillSince + policy.stuckSecondsMax * pressureFactor
    }

    /// It is on its way to being ready.
    public var isComing: Bool {
        switch phase {
        case .starting, .backingOff, .stopping, .emptying: isWanted
        default: false
        }
    }

    /// It will not run before somebody or something else has acted.
    public var hasFailed: Bool {
        switch phase {
        case .quarantined, .held: true
        default: false
        }
    }

    /// When it is started or tried again; nil when that is not a matter of time.
    public var startDeadline: Double? {
        switch phase {
        case .backingOff(let until), .quarantined(let until): until
        case .held(.missingBinary): binaryProbeAt
        default: nil
        }
    }

    /// True when the next `tick` that allows it starts a life.
    public func isDueToStart(now: Double) -> Bool { startDeadline.map { now >= $0 } ?? false }

    /// When `tick` must come next; nil when nothing is due.
    /// - Parameter mayStart: false leaves out starts, for a slot that is due and not allowed to start.
    public func deadline(mayStart: Bool = true) -> Double? {
        switch phase {
        case .starting: return life.stuckAt(policy, factor: pressureFactor)
        case .running:
            let stuckAt = life.stuckAt(policy, factor: pressureFactor)
            guard !budget.isClean, let since = life.soundSince else { return stuckAt }
            return min(stuckAt, since + policy.stableSeconds)
        case .stopping(_, let deadline), .emptying(let deadline), .unkillable(let deadline): return deadline
        case .backingOff, .quarantined, .held: return mayStart ? startDeadline : nil
        case .stopped, .paused: return nil
        }
    }

    /// What it waits for, in words; nil for one that runs or is stopped.
    public func waiting(now: Double) -> String? {
        let seconds = Int(((deadline() ?? now) - now).rounded(.up))
        switch phase {
        case .stopped, .starting, .running: return nil
        case .paused: return "paused by an operator"
        case .stopping(let rung, _): return "to end: \(rung.rawValue), \(seconds) s more"
        case .emptying: return "for what it left behind to end"
        case .unkillable: return "for a process that even SIGKILL does not end; tried again in \(seconds) s"
        case .backingOff: return "to be started again in \(seconds) s"
        case .quarantined:
            return "left alone after \(budget.failuresInARow) failures; tried once in \(seconds) s"
        case .held(.missingBinary): return "for its executable to be there; looked for again in \(seconds) s"
        case .held(let cause): return "for an operator to mend it: \(lastExit?.words ?? cause.rawValue)"
        }
    }
}
