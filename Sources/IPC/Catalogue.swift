public import Domain

/// Every message of the station, on one screen.
///
/// Worker to supervisor: `ready`, `report` and `note` are notifications; `status` is a request.
/// Supervisor to worker: `stop` is a request, answered before the worker begins to stop; `ping` too.
/// ctl to supervisor: `status`, `restart`, `shutdown`.
public enum Method: Sendable, Equatable {
    case ready, report, note, status, stop, ping, restart, shutdown
    /// What a newer peer may send; answered with an error, never fatal.
    case unknown(String)

    private static let names: [(Method, String)] = [
        (.ready, "ready"), (.report, "report"), (.note, "note"), (.status, "status"), (.stop, "stop"),
        (.ping, "ping"), (.restart, "restart"), (.shutdown, "shutdown"),
    ]

    public init(_ name: String) { self = Self.names.first { $0.1 == name }?.0 ?? .unknown(name) }

    public var name: String {
        if case .unknown(let name) = self { return name }
        return Self.names.first { $0.0 == self }?.1 ?? ""
    }
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

    public init(
        progress: Int, activity: String, onAir: Bool? = nil, nowPlaying: NowPlaying? = nil,
        upNext: [UpcomingTrack]? = nil, buffer: BufferSummary? = nil, generation: GenerationSummary? = nil,
        destinations: [DestinationStatus]? = nil
    ) {
        self.progress = progress
        self.activity = activity
        self.onAir = onAir
        self.nowPlaying = nowPlaying
        self.upNext = upNext
        self.buffer = buffer
        self.generation = generation
        self.destinations = destinations
    }
}

/// `restart`: which worker. The answer is a `WorkerCommandResult`.
public struct WorkerCommand: Sendable, Codable, Equatable {
    /// As in `WorkerName.description`.
    public var worker: String

    public init(worker: String) { self.worker = worker }
}

/// What became of a command that changes a worker.
public struct WorkerCommandResult: Sendable, Codable, Equatable {
    public var worker: String
    /// In words: "restarting".
    public var outcome: String

    public init(worker: String, outcome: String) {
        self.worker = worker
        self.outcome = outcome
    }
}
