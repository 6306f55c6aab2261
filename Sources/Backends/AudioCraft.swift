public import Config
internal import Platform

/// Runs MusicGen's plug-in (plugins/audiocraft): which Python, which files, which options; and the operator's errands of
/// installing it and fetching weights.
public struct AudioCraft: Sendable {
    private let config: AudiocraftConfig
    private let environment: [String: String]
    /// `plugins/` of this installation; nil where it is not found.
    private let plugins: String?
    /// What `lofisup backend install audiocraft` makes.
    private let ownEnvironment: String
    private let cache: String

    public init(config: StationConfig, paths: StationPaths, environment: [String: String]) {
        self.config = config.audiocraft
        self.environment = environment
        plugins = PluginFiles.directory(environment: environment)
        ownEnvironment = paths.stateDirectory + "/audiocraft"
        cache = paths.cacheDirectory + "/huggingface"
    }

    /// The models behind the built-in names.
    static let models = [
        "audiocraft-small": "facebook/musicgen-small", "audiocraft-medium": "facebook/musicgen-medium",
    ]

    /// What is known of a model before its plug-in is asked. Weights of unknown origin count as Meta's.
    static func presumed(_ model: String) -> BackendDescription {
        model == "debug"
            ? BackendDescription(model: model, continues: true)
            : BackendDescription(model: model, licence: "CC-BY-NC-4.0", nonCommercial: true, continues: true)
    }

    /// How the plug-in for `model` is started.
    /// - Throws: `.notInstalled` with the command to run.
    public func plugin(model: String, backend: String) throws(BackendError) -> PluginCommand {
        var arguments = ["-m", "lofisup_musicgen", "--model", model, "--device", config.device.rawValue]
        switch config.precision {
        case .int8: arguments += ["--weights", "int8"]
        case .fp32: arguments += ["--weights", "fp32", "--kv", "f32"]
        }
        return try python(arguments, backend: backend)
    }

    /// Fetches the weights of `model`, as AudioCraft names it, or a built-in backend.
    /// - Throws: `.notInstalled`.
    public func download(model: String) throws(BackendError) -> PluginCommand {
        let model = Self.models[model] ?? model
        return try python(["-m", "lofisup_musicgen.download", model], backend: "audiocraft")
    }

    /// Makes the environment, from PyPI with pinned versions; run again it goes on where it stopped.
    /// - Parameter python: the Python it is made with; nil takes the machine's.
    /// - Throws: `.notInstalled` where the plug-in's own files are not found.
    public func install(python: String?) throws(BackendError) -> PluginCommand {
        let directory = try files(backend: "audiocraft")
        let given = python.map { ["--python", $0] } ?? []
        return PluginCommand(
            path: "/bin/bash", arguments: ["\(directory)/install.sh", ownEnvironment] + given, environment: variables)
    }

    /// Says what the environment in use lacks, if anything.
    /// - Throws: `.notInstalled`.
    public func inspection() throws(BackendError) -> PluginCommand {
        try python(["-m", "lofisup_musicgen.doctor"], backend: "audiocraft")
    }

    private func python(_ arguments: [String], backend: String) throws(BackendError) -> PluginCommand {
        let directory = try files(backend: backend)
        let program = config.python ?? "\(ownEnvironment)/bin/python"
        guard FileAccess.isExecutable(program) else {
            let why =
                config.python.map { "[audiocraft] python: there is no program \($0)" }
                ?? "AudioCraft is not installed: run `lofisup backend install audiocraft`, or name the Python of an"
                + " environment that has it in [audiocraft] python"
            throw .notInstalled(backend: backend, why: why)
        }
        var variables = variables
        variables["PYTHONPATH"] = ([directory] + (environment["PYTHONPATH"].map { [$0] } ?? [])).joined(separator: ":")
        variables["PYTHONUNBUFFERED"] = "1"
        return PluginCommand(path: program, arguments: arguments, environment: variables)
    }

    private func files(backend: String) throws(BackendError) -> String {
        guard let plugins, FileAccess.isDirectory("\(plugins)/audiocraft") else {
            throw .notInstalled(
                backend: backend,
                why: "the files of plugins/audiocraft are not beside this program: install it with script/install, or"
                    + " name the directory that holds them in LOFISUP_PLUGINS")
        }
        return "\(plugins)/audiocraft"
    }

    /// A user's own cache of weights is used where there is one; the station's own otherwise, which a service without a
    /// home has, too.
    private var variables: [String: String] {
        var variables = PluginCommand.cleared(environment)
        let given = ["HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"].contains { environment[$0] != nil }
        let base = environment["XDG_CACHE_HOME"] ?? environment["HOME"].map { "\($0)/.cache" }
        if !given, !(base.map { FileAccess.isDirectory("\($0)/huggingface") } ?? false) { variables["HF_HOME"] = cache }
        return variables
    }
}
