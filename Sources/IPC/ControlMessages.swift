/// `start`, `stop`, `restart`, `pause`, `resume`: which worker. Answered with an `OperationStatus`; `why` takes it too.
public struct WorkerOrder: Sendable, Codable, Equatable {
    /// As in `WorkerName.description`.
    public var worker: String
    /// Only if the worker is still in this life: makes a repeated order harmless.
    public var ifGeneration: Int?

    public init(worker: String, ifGeneration: Int? = nil) {
        self.worker = worker
        self.ifGeneration = ifGeneration
    }
}

/// `scale`: how many workers of a role there shall be.
public struct ScaleOrder: Sendable, Codable, Equatable {
    /// As in `WorkerRole`.
    public var role: String
    public var count: Int

    public init(role: String, count: Int) {
        self.role = role
        self.count = count
    }
}

/// Where a change stands.
public struct OperationStatus: Sendable, Codable, Equatable {
    public enum State: String, Sendable, Codable { case running, done, failed }

    /// Names the change; numbers only grow.
    public var operation: Int
    public var state: State
    /// What has become of it, for people: "generator: restarting".
    public var outcome: String

    public init(operation: Int, state: State, outcome: String) {
        self.operation = operation
        self.state = state
        self.outcome = outcome
    }
}

/// `wait`: answered with the `OperationStatus` when the change is done or has failed, or when the time is up.
public struct WaitOrder: Sendable, Codable, Equatable {
    public var operation: Int
    public var timeoutSeconds: Double

    public init(operation: Int, timeoutSeconds: Double) {
        self.operation = operation
        self.timeoutSeconds = timeoutSeconds
    }
}

/// `events` and `logs`: what came after `since`, at most `countMax` of it.
public struct FeedQuery: Sendable, Codable, Equatable {
    /// The last number the asker knows; 0 for all that is kept, nil for the newest `countMax`.
    public var since: Int?
    /// When there is nothing new, the answer waits for something for so long (at most 60 s).
    public var waitSeconds: Double
    public var countMax: Int
    /// `logs`: only of this worker.
    public var worker: String?

    public init(since: Int? = nil, waitSeconds: Double = 0, countMax: Int = 200, worker: String? = nil) {
        self.since = since
        self.waitSeconds = waitSeconds
        self.countMax = countMax
        self.worker = worker
    }
}

/// Answers `events` and `logs`.
public struct FeedPage: Sendable, Codable, Equatable {
    public var entries: [FeedEntry]
    /// Entries that were asked for and are not kept any more.
    public var lost: Int
    /// `since` of the next query.
    public var next: Int

    public init(entries: [FeedEntry], lost: Int, next: Int) {
        self.entries = entries
        self.lost = lost
        self.next = next
    }
}

/// One event, or one line of a worker's log.
public struct FeedEntry: Sendable, Codable, Equatable {
    /// Without gaps, from 1; of events over restarts of the supervisor too, of log lines from its start.
    public var number: Int
    /// Seconds since 1970.
    public var time: Double
    /// The worker it is about; nil for the station as a whole.
    public var worker: String?
    /// Of an event: `started`, `ready`, `exited`, `stuck`, `quarantined`, `held`, `operation`, `throttle`, `reloaded`, ...
    /// Of a log line: `info`, `warning`, `error`, or `dropped` for a note of how many lines were not kept.
    public var kind: String
    public var text: String

    public init(number: Int, time: Double, worker: String?, kind: String, text: String) {
        self.number = number
        self.time = time
        self.worker = worker
        self.kind = kind
        self.text = text
    }
}

/// Answers `why`.
public struct WorkerHistory: Sendable, Codable, Equatable {
    public var worker: String
    public var state: String
    /// What it waits for, in words; nil while it runs.
    public var waiting: String?
    /// The newest first.
    public var exits: [WorkerExit]

    public init(worker: String, state: String, waiting: String?, exits: [WorkerExit]) {
        self.worker = worker
        self.state = state
        self.waiting = waiting
        self.exits = exits
    }
}

/// One life's end, with what is known of it.
public struct WorkerExit: Sendable, Codable, Equatable {
    public var generation: Int
    /// Seconds since 1970.
    public var time: Double
    public var uptimeSeconds: Double
    public var wasReady: Bool
    /// `stopped`, `crash`, `out-of-memory`, `watchdog`, `configuration`, `missing-binary`, `disk-full` or `try-again`.
    public var cause: String
    /// In words: "signal 9 (Killed)".
    public var exit: String
    /// The last it was known to hold, at most a second before the end.
    public var residentBytes: Int?
    public var openFiles: Int?
    public var threads: Int?
    /// Of one that was killed because it stood still: what it was doing in the kernel, per thread.
    public var stack: [String]
    /// The last lines of its log, oldest first.
    public var log: [String]

    public init(
        generation: Int, time: Double, uptimeSeconds: Double, wasReady: Bool, cause: String, exit: String,
        residentBytes: Int? = nil, openFiles: Int? = nil, threads: Int? = nil, stack: [String] = [], log: [String] = []
    ) {
        self.generation = generation
        self.time = time
        self.uptimeSeconds = uptimeSeconds
        self.wasReady = wasReady
        self.cause = cause
        self.exit = exit
        self.residentBytes = residentBytes
        self.openFiles = openFiles
        self.threads = threads
        self.stack = stack
        self.log = log
    }
}

/// Answers `plan`: what reading the configuration again would do.
public struct ReloadPlan: Sendable, Codable, Equatable {
    public struct Step: Sendable, Codable, Equatable {
        /// `generator.track_seconds`
        public var key: String
        /// As in TOML; nil where it was not or will not be set. A secret is never shown.
        public var before: String?
        public var after: String?
        /// "the feeder is started again; nothing of it is heard"
        public var effect: String

        public init(key: String, before: String?, after: String?, effect: String) {
            self.key = key
            self.before = before
            self.after = after
            self.effect = effect
        }
    }

    public var steps: [Step]
    /// Why the file cannot be used; then nothing would be changed.
    public var problem: String?

    public init(steps: [Step], problem: String? = nil) {
        self.steps = steps
        self.problem = problem
    }
}
