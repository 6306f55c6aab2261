import Supervisor
import TestSupport
import Testing

/// The world around a slot on a virtual clock: processes that start or do not, become ready, work, hang, die, ignore
/// what they are told, leave members of their group behind and outlive SIGKILL for a while. Answers the slot's actions
/// and holds the invariants of the state table after every step.
struct SlotWorld {
    struct Life {
        var generation: Int
        var hasLeader = true
        /// What the leader leaves behind when it ends.
        var members: Int
        var readyAt: Double
        var diesAt: Double?
        var dies = ExitCause.crash
        /// Silent from then on.
        var hangsAt: Double?
        var obeysAsk: Bool
        var obeysTerminate: Bool
        /// In the kernel, where no signal reaches it.
        var unkillableUntil: Double
        var isFrozen = false
        var saidReady = false
        var endsAt: Double?
    }

    let policy: RestartPolicy
    private(set) var slot: Slot
    private(set) var now = 0.0
    private(set) var life: Life?
    private(set) var highestGeneration = 0
    private(set) var spawns = 0
    private(set) var lastSpawnAt = 0.0
    /// What new lives are like; a seed makes them.
    var random: SplitMix64
    /// True for processes that end by themselves, hang and disobey; false for faultless ones.
    var isHostile = true
    var guardHolds = false

    init(seed: UInt64, policy: RestartPolicy) {
        self.policy = policy
        slot = Slot(policy: policy)
        random = SplitMix64(seed: seed)
    }

    /// Lets the supervisor begin a new life: all it has left is what it wrote down, and what lives.
    mutating func restartSupervisor(adopting: Bool) {
        let before = slot.memory(now: now)
        slot = Slot(policy: policy, memory: before, now: now)
        let after = slot.memory(now: now)
        hold(after.startsLeft == before.startsLeft && after.livesLeft == before.livesLeft, "the budget was lost")
        hold(after.failuresInARow == before.failuresInARow, "the failures in a row were lost")
        if let life, life.hasLeader, life.saidReady, adopting {
            handle(.adopt(generation: life.generation))
        } else if let life {
            self.life?.hasLeader = false
            self.life?.members += 1
            handle(.leftover(generation: life.generation))
        }
        handle(.begin)
    }

    /// Hands the slot an event, holds the invariants, and does what the slot answers.
    mutating func handle(_ event: Slot.Event) {
        let before = slot
        let tokens = slot.memory(now: now)
        let actions = slot.handle(event, now: now, jitter: random.unit())
        check(event, before: before, tokens: tokens, actions: actions)
        for action in actions { perform(action) }
        hold(slot.hasProcess == (life != nil), "\(slot.phase) with \(life.map { "\($0)" } ?? "no process")")
    }

    /// Lets time pass up to `seconds`, stopping at everything that happens on the way.
    mutating func pass(_ seconds: Double) {
        let end = now + seconds
        var turns = 0
        while now < end {
            turns += 1
            guard hold(turns < 100_000, "the slot spins: \(slot.phase), due \(slot.deadline() ?? -1) at \(now)") else {
                return
            }
            let due = slot.deadline(mayStart: !guardHolds)
            let next = ([due, end, nextOfLife] as [Double?]).compactMap { $0 }.min() ?? end
            now = max(now, min(next, end))
            live()
            handle(.tick(mayStart: !guardHolds))
        }
    }

    // MARK: - The process

    /// When the process does something next.
    private var nextOfLife: Double? {
        guard let life else { return nil }
        guard life.hasLeader else { return max(now, life.unkillableUntil) + 0.01 }
        if life.isFrozen { return life.endsAt }
        return [
            life.endsAt, life.diesAt, life.saidReady ? now + 5 : max(now + 0.01, life.readyAt),
        ].compactMap { $0 }.min()
    }

    private mutating func live() {
        guard let current = life else { return }
        if !current.hasLeader {
            guard current.members == 0 || now >= current.unkillableUntil else { return }
            // Killed long ago; the last member is gone.
            life = nil
            handle(.groupEmpty)
        } else if let endsAt = current.endsAt, now >= endsAt {
            die(.crash)
        } else if current.isFrozen {
            return
        } else if let diesAt = current.diesAt, now >= diesAt {
            die(current.dies)
        } else if current.hangsAt.map({ now >= $0 }) != true {
            if now >= current.readyAt, !current.saidReady {
                life?.saidReady = true
                handle(.ready)
            }
            handle(.heard)
            if now >= current.readyAt { handle(.progressed) }
        }
    }

    mutating func die(_ cause: ExitCause) {
        guard life?.hasLeader == true else { return }
        life?.hasLeader = false
        handle(.exited(cause, "the process ended"))
        if let life, life.members == 0 {
            self.life = nil
            handle(.groupEmpty)
        }
    }

    private mutating func perform(_ action: Slot.Action) {
        switch action {
        case .spawn:
            if isHostile, random.unit() < 0.05 {
                // The driver reports it at once.
                life = nil
                hold(slot.phase == .starting(since: now), "\(slot.phase) after a spawn")
                handle(.spawnFailed(random.unit() < 0.5 ? .missingBinary : .crash, "cannot be started"))
            }
        case .ask:
            if life?.obeysAsk == true, life?.isFrozen == false { life?.endsAt = now + 0.5 }
        case .terminate:
            life?.isFrozen = false
            if life?.obeysTerminate == true { life?.endsAt = now + 0.3 }
        case .killGroup:
            if let life { self.life?.endsAt = max(now, life.unkillableUntil) + 0.01 }
        case .freeze: life?.isFrozen = true
        case .thaw: life?.isFrozen = false
        case .keepEvidence, .note: break
        }
    }

    private mutating func born(_ generation: Int) -> Life {
        func chance(_ share: Double) -> Bool { random.unit() < share }
        guard isHostile else {
            return Life(
                generation: generation, members: 0, readyAt: now + 0.2, obeysAsk: true, obeysTerminate: true,
                unkillableUntil: 0)
        }
        let causes: [ExitCause] = [.crash, .crash, .crash, .outOfMemory, .configuration, .diskFull, .tryAgain]
        return Life(
            generation: generation, members: chance(0.3) ? 2 : 0, readyAt: now + random.unit() * 5,
            diesAt: chance(0.7) ? now + random.unit() * 30 : nil, dies: causes.randomElement(using: &random) ?? .crash,
            hangsAt: chance(0.2) ? now + random.unit() * 20 : nil, obeysAsk: chance(0.6), obeysTerminate: chance(0.6),
            unkillableUntil: chance(0.1) ? now + random.unit() * 60 : 0)
    }

    // MARK: - Invariants

    private mutating func check(_ event: Slot.Event, before: Slot, tokens: Slot.Memory, actions: [Slot.Action]) {
        let after = slot.memory(now: now)
        let isOrder = event == .start || event == .restart
        var (isFailure, mayHeal) = (false, isOrder)
        switch event {
        case .exited, .spawnFailed: (isFailure, mayHeal) = (true, before.wasSound(policy, now: now))
        case .tick: mayHeal = before.wasSound(policy, now: now)
        default: break
        }
        for (was, isNow) in [(tokens.startsLeft, after.startsLeft), (tokens.livesLeft, after.livesLeft)] {
            hold(isNow >= was - (isFailure ? 1.000_001 : 0), "\(event) took \(was - isNow) of the budget")
            hold(isNow <= was + 1e-9 || mayHeal, "\(event) gave \(isNow - was) back")
        }
        if isOrder { hold(after.isUnspent(policy), "\(event) left the budget at \(after)") }
        hold(slot.generation >= before.generation, "generations went back")
        for action in actions {
            guard case .spawn(let generation) = action else { continue }
            hold(life == nil, "generation \(generation) was started beside \(life.map { "\($0)" } ?? "")")
            hold(generation > highestGeneration, "generation \(generation) after \(highestGeneration)")
            if case .tick = event {
                hold(!guardHolds, "started although nothing may")
                hold(before.startDeadline.map { now >= $0 } ?? false, "started inside \(before.phase) at \(now)")
            }
            highestGeneration = max(highestGeneration, generation)
            spawns += 1
            lastSpawnAt = now
            life = born(generation)
        }
        if case .quarantined(let until) = slot.phase {
            hold(until <= now + policy.probeSecondsMax, "quarantined for \(until - now) s")
        }
        // Whatever is to go on by itself has a date.
        switch slot.phase {
        case .stopped, .paused, .held(.configuration): break
        default: hold(slot.deadline() != nil, "nothing is due in \(slot.phase)")
        }
    }

    @discardableResult
    func hold(_ condition: Bool, _ words: @autoclosure () -> String) -> Bool {
        if !condition { Issue.record("at \(now): \(words())") }
        return condition
    }
}

extension Slot {
    /// True when it has been running, as far as its phase shows, for long enough to be forgiven.
    fileprivate func wasSound(_ policy: RestartPolicy, now: Double) -> Bool {
        guard case .running(let since) = phase else { return false }
        return now >= since + policy.stableSeconds
    }
}

extension Slot.Memory {
    func isUnspent(_ policy: RestartPolicy) -> Bool {
        let full = Double(policy.failuresMax)
        return startsLeft == full && livesLeft == full && failuresInARow == 0 && failedProbes == 0
    }
}
