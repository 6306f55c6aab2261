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
    public var generators: Int
    public var generatorNice: Int
    public var hasDashboard: Bool
    public var restartPolicy: RestartPolicy

    public init(
        mode: StationMode, version: String, executable: String, workerArguments: [String],
        workerEnvironment: [String: String], controlSocket: String, generators: Int, generatorNice: Int,
        hasDashboard: Bool, restartPolicy: RestartPolicy
    ) {
        self.mode = mode
        self.version = version
        self.executable = executable
        self.workerArguments = workerArguments
        self.workerEnvironment = workerEnvironment
        self.controlSocket = controlSocket
        self.generators = generators
        self.generatorNice = generatorNice
        self.hasDashboard = hasDashboard
        self.restartPolicy = restartPolicy
    }

    /// A worker whose progress stands still for so long is killed. One step of a generator may be the check of a track
    /// of an hour, and nobody hears it being late.
    func stuckSecondsMax(_ role: WorkerRole) -> Double { role == .generator ? 300 : 30 }

    /// A worker that has not even reported for so long is killed. Reports come every second, whatever the work; a
    /// feeder must be noticed and replaced well within the encoder's cushion. Nobody hears a generator that is held up,
    /// and it stands back for the others.
    func silentSecondsMax(_ role: WorkerRole) -> Double { role == .generator ? 300 : 7 }

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
