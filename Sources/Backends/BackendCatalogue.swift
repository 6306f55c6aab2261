public import Config
public import Platform

/// Makes any backend of the station by the name it has in the configuration. Nothing is started or loaded by it.
public struct BackendCatalogue: Sendable {
    private let config: StationConfig
    private let paths: StationPaths
    private let environment: [String: String]
    private let clock: any StationClock
    private let onLoading: @Sendable (_ backend: String, _ words: String) -> Void

    /// - Parameter onLoading: told by a backend that loads a model, at least once a minute, from the thread that waits.
    public init(
        config: StationConfig, paths: StationPaths, environment: [String: String],
        clock: any StationClock = SystemClock(),
        onLoading: @escaping @Sendable (_ backend: String, _ words: String) -> Void = { _, _ in }
    ) {
        self.config = config
        self.paths = paths
        self.environment = environment
        self.clock = clock
        self.onLoading = onLoading
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
        if let model = AudioCraft.models[name] { return audiocraft(name, model: model) }
        guard let own = config.backends.first(where: { $0.name == name }) else {
            throw .unknownBackend(name: name, known: names)
        }
        if let model = own.model { return audiocraft(name, model: model) }
        let command = own.command ?? []
        let presumed = BackendDescription(model: command.first ?? name)
        return plugin(name, presumed: presumed) { [environment] () throws(BackendError) in
            guard let path = command.first else { throw .unknownBackend(name: name, known: []) }
            return PluginCommand(
                path: path, arguments: Array(command.dropFirst()), environment: PluginCommand.cleared(environment))
        }
    }

    /// Everything around MusicGen that is not music.
    public var audioCraft: AudioCraft { AudioCraft(config: config, paths: paths, environment: environment) }

    private func audiocraft(_ name: String, model: String) -> PluginBackend {
        plugin(name, presumed: AudioCraft.presumed(model)) { [audioCraft] () throws(BackendError) in
            try audioCraft.plugin(model: model, backend: name)
        }
    }

    private func plugin(
        _ name: String, presumed: BackendDescription,
        command: @escaping @Sendable () throws(BackendError) -> PluginCommand
    ) -> PluginBackend {
        var settings = PluginBackend.Settings(
            name: name, directory: "\(paths.stateDirectory)/backends/\(name)", presumed: presumed)
        settings.onLoading = { [onLoading] in onLoading(name, $0) }
        settings.memoryBytesMax = config.generator.memoryMax.bytes
        return PluginBackend(settings, clock: clock, command: command)
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
