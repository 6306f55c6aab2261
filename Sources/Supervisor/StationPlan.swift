public import Domain

/// What a station is made of, handed to the supervisor.
public struct StationPlan: Sendable {
    public var mode: StationMode
    public var version: String
    /// The executable that becomes each worker, and what it is given after the worker's name.
    public var executable: String
    public var workerArguments: [String]
    /// Complete; workers inherit nothing else.
    public var workerEnvironment: [String: String]
    public var controlSocket: String
    /// The configuration that workers read; replaced at a reload.
    public var workerConfigFile: String
    /// What one life of the supervisor leaves to the next.
    public var handoverFile: String
    /// The book of events, and the last exits of each worker.
    public var eventsFile: String
    public var exitsFile: String
    public var generators: Int
    public var generatorNice: Int
    public var airNice: Int
    public var hasDashboard: Bool
    public var restartPolicy: RestartPolicy

    public init(
        mode: StationMode, version: String, executable: String, workerArguments: [String],
        workerEnvironment: [String: String], controlSocket: String, workerConfigFile: String, handoverFile: String,
        eventsFile: String, exitsFile: String, generators: Int, generatorNice: Int, airNice: Int, hasDashboard: Bool,
        restartPolicy: RestartPolicy
    ) {
        self.mode = mode
        self.version = version
        self.executable = executable
        self.workerArguments = workerArguments
        self.workerEnvironment = workerEnvironment
        self.controlSocket = controlSocket
        self.workerConfigFile = workerConfigFile
        self.handoverFile = handoverFile
        self.eventsFile = eventsFile
        self.exitsFile = exitsFile
        self.generators = generators
        self.generatorNice = generatorNice
        self.airNice = airNice
        self.hasDashboard = hasDashboard
        self.restartPolicy = restartPolicy
    }

    /// Added to the niceness of a worker of this role, as far as the supervisor may give it.
    func nice(_ role: WorkerRole) -> Int32 {
        switch role {
        case .generator: Int32(generatorNice)
        case .encoder, .feeder: Int32(airNice)
        case .dashboard: 0
        }
    }

    /// The workers in the order in which they are stopped: who feeds another goes first.
    var workers: [WorkerName] {
        var names: [WorkerName] = []
        if mode != .feederOnly, generators > 0 { names += (1...generators).map { WorkerName(.generator, index: $0) } }
        // A box that only fills the Buffer has nothing to listen to.
        if mode != .generatorOnly {
            names += [WorkerName(.feeder), WorkerName(.encoder)]
            if hasDashboard { names.append(WorkerName(.dashboard)) }
        }
        return names
    }
}
