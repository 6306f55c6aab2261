/// Everything the station says of itself at one moment: what `ctl status --json` prints and the dashboard shows.
/// On the wire the keys are snake_case.
public struct StationStatus: Sendable, Codable, Equatable {
    public var version: String
    public var mode: StationMode
    /// Seconds since the supervisor started.
    public var uptimeSeconds: Double
    /// True while encoded audio leaves the encoder: the *made* light.
    public var onAir: Bool
    /// The state in one sentence a person can read.
    public var sentence: String
    public var nowPlaying: NowPlaying?
    /// The next tracks in playing order, soonest first; a few, not all.
    public var upNext: [UpcomingTrack]
    public var buffer: BufferSummary?
    public var generation: GenerationSummary?
    public var workers: [WorkerStatus]
    public var destinations: [DestinationStatus]
    /// What the machine has to bear; nil before the first reading.
    public var load: LoadStatus?
    /// How long the Buffer will last; nil before anything is known of it.
    public var forecast: BufferForecast?

    public init(
        version: String, mode: StationMode, uptimeSeconds: Double, onAir: Bool, sentence: String,
        nowPlaying: NowPlaying? = nil, upNext: [UpcomingTrack] = [], buffer: BufferSummary? = nil,
        generation: GenerationSummary? = nil, workers: [WorkerStatus] = [], destinations: [DestinationStatus] = [],
        load: LoadStatus? = nil, forecast: BufferForecast? = nil
    ) {
        self.version = version
        self.mode = mode
        self.uptimeSeconds = uptimeSeconds
        self.onAir = onAir
        self.sentence = sentence
        self.nowPlaying = nowPlaying
        self.upNext = upNext
        self.buffer = buffer
        self.generation = generation
        self.workers = workers
        self.destinations = destinations
        self.load = load
        self.forecast = forecast
    }
}

/// Which processes a station runs.
public enum StationMode: String, Sendable, Codable, CaseIterable {
    case full
    case generatorOnly = "generator-only"
    case feederOnly = "feeder-only"
}

/// Where a track that airs was taken from.
public enum TrackSource: String, Sendable, Codable {
    /// Composed ahead of time, in order.
    case buffer
    /// Aired before; played again because the Buffer is empty.
    case evergreen
    /// Composed this minute by the embedded synth because the Buffer is empty.
    case fallback
    /// Nothing to play: the encoder's own quiet pad.
    case pad
}

/// What a listener hears now.
public struct NowPlaying: Sendable, Codable, Equatable {
    public var title: String
    public var promptIndex: Int?
    /// The chunk's number on the Buffer, where it has one.
    public var number: Int?
    public var source: TrackSource
    public var elapsedSeconds: Double
    public var seconds: Double
    /// True in the silence between two prompts.
    public var betweenPrompts: Bool

    public init(
        title: String, promptIndex: Int? = nil, number: Int? = nil, source: TrackSource, elapsedSeconds: Double,
        seconds: Double, betweenPrompts: Bool = false
    ) {
        self.title = title
        self.promptIndex = promptIndex
        self.number = number
        self.source = source
        self.elapsedSeconds = elapsedSeconds
        self.seconds = seconds
        self.betweenPrompts = betweenPrompts
    }
}

/// A track that waits on the Buffer.
public struct UpcomingTrack: Sendable, Codable, Equatable {
    public var number: Int
    public var promptIndex: Int
    public var title: String
    public var seconds: Double

    public init(number: Int, promptIndex: Int, title: String, seconds: Double) {
        self.number = number
        self.promptIndex = promptIndex
        self.title = title
        self.seconds = seconds
    }
}

/// The Buffer in figures.
public struct BufferSummary: Sendable, Codable, Equatable {
    public var health: BufferHealth
    /// Hours of music left to play.
    public var hours: Double
    public var targetHours: Double
    public var readyTracks: Int
    /// Bytes free on the file system that holds the Buffer.
    public var diskFreeBytes: Int
    /// What an operator should know, if anything: refused files, repairs, a full disk.
    public var notice: String?

    public init(
        health: BufferHealth, hours: Double, targetHours: Double, readyTracks: Int, diskFreeBytes: Int,
        notice: String? = nil
    ) {
        self.health = health
        self.hours = hours
        self.targetHours = targetHours
        self.readyTracks = readyTracks
        self.diskFreeBytes = diskFreeBytes
        self.notice = notice
    }
}

/// What the generators are doing.
public struct GenerationSummary: Sendable, Codable, Equatable {
    public var backend: String
    /// One sentence: composing, resting, waiting for disk space, ...
    public var activity: String
    /// 0...1 of the tracks being composed; nil while none is.
    public var progress: Double?
    /// How many tracks are composed together; nil while none is.
    public var batch: Int?
    /// Seconds of music made for each wall-clock second, over the last tracks; nil before the first.
    public var realTimeFactor: Double?
    public var tracksMade: Int
    public var tracksRefused: Int
    /// The licence of the backend's weights or samples; nil where the music carries no strings.
    public var licence: String?
    /// That licence forbids a monetised channel.
    public var nonCommercial: Bool?
    /// What the backend says it keeps in memory.
    public var memoryBytes: Int?
    /// The chain, first choice first, with the speeds measured on this machine; nil before the first look.
    public var paces: [BackendPace]?

    public init(
        backend: String, activity: String, progress: Double? = nil, batch: Int? = nil, realTimeFactor: Double? = nil,
        tracksMade: Int = 0, tracksRefused: Int = 0, licence: String? = nil, nonCommercial: Bool? = nil,
        memoryBytes: Int? = nil, paces: [BackendPace]? = nil
    ) {
        self.backend = backend
        self.activity = activity
        self.progress = progress
        self.batch = batch
        self.realTimeFactor = realTimeFactor
        self.tracksMade = tracksMade
        self.tracksRefused = tracksRefused
        self.paces = paces
        self.licence = licence
        self.nonCommercial = nonCommercial
        self.memoryBytes = memoryBytes
    }
}

/// One place the stream is sent to: the *sent* light.
public struct DestinationStatus: Sendable, Codable, Equatable {
    /// As configured; never holds a key.
    public var name: String
    /// `connecting`, `sending`, `stalled`, `waiting`.
    public var state: String
    public var sentBytes: Int
    public var reconnects: Int
    /// Bits a second over the last seconds.
    public var bitsPerSecond: Double
    /// The last trouble, in words.
    public var trouble: String?

    public init(
        name: String, state: String, sentBytes: Int = 0, reconnects: Int = 0, bitsPerSecond: Double = 0,
        trouble: String? = nil
    ) {
        self.name = name
        self.state = state
        self.sentBytes = sentBytes
        self.reconnects = reconnects
        self.bitsPerSecond = bitsPerSecond
        self.trouble = trouble
    }
}
