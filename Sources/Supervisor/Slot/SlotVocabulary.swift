/// The words of the state table: where a worker can be, what can happen to it, what follows.
extension Slot {
    /// Asked over its line, then SIGTERM and SIGCONT, then SIGKILL of the group.
    public enum Rung: String, Sendable, Hashable { case asked, terminated, killed }

    public enum Phase: Sendable, Hashable {
        /// Not wanted, and nothing of it lives.
        case stopped
        /// The process lives and has not said that it is ready.
        case starting(since: Double)
        case running(since: Double)
        /// The whole group is frozen, by an operator.
        case paused(since: Double)
        /// It is being taken down; `deadline` is when the next rung follows.
        case stopping(Rung, deadline: Double)
        /// Its leader has ended, members of its group may still live; they have been killed.
        case emptying(deadline: Double)
        /// Killed and still there; killed again at `retryAt`. The slot starts nothing meanwhile.
        case unkillable(retryAt: Double)
        case backingOff(until: Double)
        /// It failed too often; one attempt follows at `until`.
        case quarantined(until: Double)
        /// Starting it again is pointless until something changes.
        case held(ExitCause)
    }

    public enum Event: Sendable, Hashable {
        // What the station and its operator want.

        /// The station starts. Keeps what is remembered: a budget, a pause that is not over, an operator's stop.
        case begin
        /// The station ends, or needs one worker less; no operator's word about this worker.
        case end
        /// An operator's start: forgets the failures so far.
        case start
        /// An operator's stop: remembered.
        case stop
        /// SIGKILL at once, after `stop` or `end` or without them.
        case stopNow
        /// An operator's restart: forgets the failures so far.
        case restart
        /// Freezes the present life; the next one is not frozen.
        case pause
        case resume
        /// The configuration was changed, or a disk has room again: whoever waits for that tries again.
        case conditionsMended

        // What the supervisor finds of its previous life, before `begin`.

        /// A live, ready process of this generation is ours. One older than what is remembered is killed instead.
        case adopt(generation: Int)
        /// Something of this generation still lives and cannot be ours: it is killed before anything starts.
        case leftover(generation: Int)

        // What the process does.

        case spawnFailed(ExitCause, String)
        case ready
        /// It said something, whatever it was.
        case heard
        /// Its progress figure moved.
        case progressed
        /// The leader has ended and was reaped.
        case exited(ExitCause, String)
        /// Nothing lives in the group any more. Counts only after `exited`.
        case groupEmpty
        /// It lives, and does not work any more, as somebody else than the slot has found.
        case stuck(String)

        // What time does.

        /// Time has passed. With `mayStart` false nothing is started, and what was due stays due.
        case tick(mayStart: Bool)
        /// The machine or the supervisor stood still for a while: nobody can be blamed for that time.
        case woke
    }

    public enum Action: Sendable, Hashable {
        /// Start a process for this generation; report `.spawnFailed` if that cannot be done.
        case spawn(generation: Int)
        /// Ask it over its line to stop.
        case ask
        /// SIGTERM to the group, then SIGCONT: a stopped process does not see SIGTERM until it goes on.
        case terminate
        /// SIGKILL to the group.
        case killGroup
        /// SIGSTOP and SIGCONT to the group.
        case freeze
        case thaw
        /// Note down what it is doing; it is killed right after.
        case keepEvidence
        /// Tell the operator.
        case note(Note, String)
    }

    /// What a note is about. The raw values are those of `FeedEntry.kind`. `started` is the driver's to tell: only it
    /// knows the process.
    public enum Note: String, Sendable, Hashable {
        case adopted, ready, exited, stopping, stopped, stuck, unkillable, quarantined, held, paused, resumed, operation
        case backingOff = "backing-off"

        /// True for what an operator should see without looking for it.
        public var isWarning: Bool {
            switch self {
            case .stuck, .unkillable, .quarantined, .held, .backingOff: true
            case .adopted, .ready, .exited, .stopping, .stopped, .paused, .resumed, .operation: false
            }
        }
    }
}

extension Slot.Phase {
    /// As operators read it: `WorkerStatus.state`.
    public var word: String {
        switch self {
        case .stopped: "stopped"
        case .starting: "starting"
        case .running: "running"
        case .paused: "paused"
        case .stopping: "stopping"
        case .emptying: "emptying"
        case .unkillable: "unkillable"
        case .backingOff: "backing-off"
        case .quarantined: "quarantined"
        case .held: "held"
        }
    }
}
