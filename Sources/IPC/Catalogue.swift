public import Domain

/// Every message of the station, on one screen.
///
/// Worker to supervisor: `ready` (`WorkerHello`) and `report` (`WorkerReport`) are notifications; `status` is a
/// request, answered with `StationStatus`.
/// Supervisor to worker: `stop` is a request, answered before the worker begins to stop; `ping` is answered with
/// `WorkerHello` by a worker that is ready, and refused before; `reload` (`ReloadOrder`) is answered when the worker
/// runs by the new configuration; `tune` (`WorkerTuning`) is a notification.
/// ctl to supervisor, looking: `ping`, `status`, `events`, `logs`, `why`, `plan`, `wait`.
/// ctl to supervisor, changing, each answered with an `OperationStatus`: `start`, `stop`, `restart`, `pause` and
/// `resume` (`WorkerOrder`), `scale` (`ScaleOrder`), `reload`, `shutdown`.
public enum Method: String, Sendable, CaseIterable {
    case ready, report, status, stop, ping, reload, tune
    case events, logs, why, plan, wait
    case start, restart, pause, resume, scale, shutdown

    /// - Throws: `refused`, for what a newer peer may send: it is answered with an error and is never fatal.
    public init(known name: String) throws(WireError) {
        guard let method = Method(rawValue: name) else {
            throw .refused(code: Message.Code.unknownMethod, message: "unknown method \(name)")
        }
        self = method
    }

    /// The refusal of a method that this peer does not serve.
    public var isUnknownHere: WireError {
        .refused(code: Message.Code.unknownMethod, message: "unknown method \(rawValue)")
    }

    /// True for what changes the station, which only its owner may do.
    public var changes: Bool {
        switch self {
        case .start, .stop, .restart, .pause, .resume, .scale, .reload, .shutdown: true
        case .ready, .report, .status, .ping, .tune, .events, .logs, .why, .plan, .wait: false
        }
    }
}

/// `ready`: the worker can do its work.
public struct WorkerHello: Sendable, Codable, Equatable {
    public var version: String

    public init(version: String) { self.version = version }
}

/// What a worker says of itself, once a second. Only the parts that are its own are set.
public struct WorkerReport: Sendable, Codable, Equatable {
    /// Grows while work gets done; a worker whose figure stands still is stuck.
    public var progress: Int
    /// What it is doing, in words.
    public var activity: String
    public var onAir: Bool?
    public var nowPlaying: NowPlaying?
    public var upNext: [UpcomingTrack]?
    public var buffer: BufferSummary?
    public var generation: GenerationSummary?
    public var destinations: [DestinationStatus]?
    /// The encoder's: how late a frame came at worst since the last report, in seconds.
    public var latenessSeconds: Double?

    public init(
        progress: Int, activity: String, onAir: Bool? = nil, nowPlaying: NowPlaying? = nil,
        upNext: [UpcomingTrack]? = nil, buffer: BufferSummary? = nil, generation: GenerationSummary? = nil,
        destinations: [DestinationStatus]? = nil, latenessSeconds: Double? = nil
    ) {
        self.progress = progress
        self.activity = activity
        self.onAir = onAir
        self.nowPlaying = nowPlaying
        self.upNext = upNext
        self.buffer = buffer
        self.generation = generation
        self.destinations = destinations
        self.latenessSeconds = latenessSeconds
    }
}

/// `reload` to a worker: read the configuration again.
public struct ReloadOrder: Sendable, Codable, Equatable {
    /// The file to read, absolute.
    public var config: String

    public init(config: String) { self.config = config }
}

/// `tune`: how much of the machine a generator may use from now on.
public struct WorkerTuning: Sendable, Codable, Equatable {
    /// Waited after each track, beside what the Buffer's health asks for.
    public var extraRestSeconds: Double
    /// Threads a backend may compute with; nil leaves it to the backend.
    public var threads: Int?

    public init(extraRestSeconds: Double = 0, threads: Int? = nil) {
        self.extraRestSeconds = extraRestSeconds
        self.threads = threads
    }
}
