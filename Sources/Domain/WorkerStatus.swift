/// One worker process, as the supervisor sees it.
public struct WorkerStatus: Sendable, Codable, Equatable {
    /// As in `WorkerName.description`.
    public var name: String
    /// `stopped`, `starting`, `running`, `paused`, `stopping`, `emptying`, `unkillable`, `backing-off`, `quarantined`
    /// or `held`.
    public var state: String
    public var pid: Int?
    /// Counts the lives of this worker; with the name it says which process is meant.
    public var generation: Int
    public var restarts: Int
    /// Seconds in this life; nil when not running.
    public var uptimeSeconds: Double?
    /// Seconds until it is started again or tried again; nil when nothing of the kind is due.
    public var nextStartSeconds: Double?
    public var residentBytes: Int?
    /// CPU used since the last sample, in per cent of one core.
    public var cpuPercent: Double?
    /// Open file descriptors.
    public var openFiles: Int?
    public var threads: Int?
    /// Steps of its own progress figure a second.
    public var progressPerSecond: Double?
    /// Why it last stopped, in words.
    public var lastExit: String?
    /// What it says it is doing.
    public var activity: String?
    /// The version it runs, where that is not the supervisor's own.
    public var otherVersion: String?

    public init(
        name: String, state: String, pid: Int? = nil, generation: Int = 0, restarts: Int = 0,
        uptimeSeconds: Double? = nil, nextStartSeconds: Double? = nil, residentBytes: Int? = nil,
        cpuPercent: Double? = nil, openFiles: Int? = nil, threads: Int? = nil, progressPerSecond: Double? = nil,
        lastExit: String? = nil, activity: String? = nil, otherVersion: String? = nil
    ) {
        self.name = name
        self.state = state
        self.pid = pid
        self.generation = generation
        self.restarts = restarts
        self.uptimeSeconds = uptimeSeconds
        self.nextStartSeconds = nextStartSeconds
        self.residentBytes = residentBytes
        self.cpuPercent = cpuPercent
        self.openFiles = openFiles
        self.threads = threads
        self.progressPerSecond = progressPerSecond
        self.lastExit = lastExit
        self.activity = activity
        self.otherVersion = otherVersion
    }
}

/// What the machine has to bear, and what the station does about it.
public struct LoadStatus: Sendable, Codable, Equatable {
    /// CPU in use on the whole machine, 0...100.
    public var cpuPercent: Double
    /// Runnable tasks, averaged over a minute.
    public var loadAverage: Double
    /// Share of the last ten seconds in which some task waited for a processor, 0...100 (PSI `some avg10`); nil where
    /// the kernel does not say.
    public var pressurePercent: Double?
    /// How late the encoder's frames were at worst in the last second, in seconds; nil off the air.
    public var latenessSeconds: Double?
    /// 0 when nothing is held back; each further step is one more lever.
    public var throttleLevel: Int
    /// Why the generators are held back, and how; nil when they are not.
    public var throttle: String?

    public init(
        cpuPercent: Double, loadAverage: Double, pressurePercent: Double? = nil, latenessSeconds: Double? = nil,
        throttleLevel: Int = 0, throttle: String? = nil
    ) {
        self.cpuPercent = cpuPercent
        self.loadAverage = loadAverage
        self.pressurePercent = pressurePercent
        self.latenessSeconds = latenessSeconds
        self.throttleLevel = throttleLevel
        self.throttle = throttle
    }
}
