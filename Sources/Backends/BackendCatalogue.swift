public import Config
public import Platform

/// Makes any backend of the station by the name it has in the configuration. Nothing is started or loaded by it.
public struct BackendCatalogue: Sendable {
    private let config: StationConfig
    private let paths: StationPaths
    private let environment: [String: String]
    private let clock: any StationClock

    public init(
        config: StationConfig, paths: StationPaths, environment: [String: String],
        clock: any StationClock = SystemClock()
    ) {
        self.config = config
        self.paths = paths
        self.environment = environment
        self.clock = clock
    }

    /// Every name there is.
    public var names: [String] { config.knownBackends }

    /// A new backend.
    /// - Throws: `.unknownBackend`.
    public func backend(named name: String) throws(BackendError) -> any MusicBackend {
        if name == "synth" { return SynthBackend(clock: clock) }
        if name == RemoteBackend.name {
            return RemoteBackend(
                renderers: config.renderers, directory: paths.stateDirectory + "/backends/" + name,
                monetised: config.station.monetised, environment: environment, clock: clock)
        }
        throw .unknownBackend(name: name, known: names)
    }

    /// The chain of `[generator] backends`.
    /// - Throws: `.unknownBackend`, `.noBackends`.
    public func chain() throws(BackendError) -> BackendChain {
        var backends: [any MusicBackend] = []
        for name in config.generator.backends { backends.append(try backend(named: name)) }
        return try BackendChain(
            names: config.generator.backends, catalogue: backends, monetised: config.station.monetised, clock: clock)
    }
}
