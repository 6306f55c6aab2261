public import ArgumentParser
internal import Config
public import Domain
internal import Foundation
internal import Glibc
internal import Platform
internal import Supervisor

/// `lofisup run`: the station itself.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put the station on the air and keep it there.",
        discussion: "Runs in the foreground until SIGTERM, SIGINT or `lofisup ctl shutdown`.")

    @OptionGroup var station: StationOptions

    @Option(help: "What to run: \(StationMode.allCases.map(\.rawValue).joined(separator: ", ")).")
    var mode = StationMode.full

    func run() throws {
        // Before any thread exists: a signal must find every thread with it blocked, and the descriptors that the
        // service manager kept for us must be known before others take the next numbers.
        let signals = try SignalFeed([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
        let kept = DescriptorStore.taken()
        try reportingErrors {
            let paths = try station.paths()
            // The path as it was started, kept: after an upgrade a restarted worker is the new version.
            let executable = try ownExecutable()
            let first = try firstConfiguration(paths, executable: executable, isTakingOver: !kept.isEmpty)
            try paths.prepare()
            let lock = try StationLock.take(paths.lockFile)
            defer { withExtendedLifetime(lock) {} }
            try Requirements.check(config: first.config, environment: station.environment)
            try first.commit()
            let supervisor = try Supervisor(
                plan: first.plan, config: first.config, kept: kept,
                // Without the check of the tools: a child of the supervisor that is no worker would be ended as an orphan.
                reread: { [self] in try reconfiguration(paths, executable: executable) })
            Log.info("lofisup \(Version.text) runs \(mode.rawValue) with its state in \(paths.stateDirectory)")
            let ending = supervisor.run(signals: signals)
            Log.info("stopped")
            if ending != .done { throw ArgumentParser.ExitCode(ending.rawValue) }
        }
    }

    /// The configuration to start with. With an encoder on the air a mistake in the file does not keep the station from
    /// going on as it was: the last good one is there still.
    private func firstConfiguration(
        _ paths: StationPaths, executable: String, isTakingOver: Bool
    ) throws -> Reconfiguration {
        do {
            return try reconfiguration(paths, executable: executable)
        } catch let error as ConfigError {
            guard isTakingOver, let text = FileManager.default.contents(atPath: paths.workerConfigFile) else {
                throw error
            }
            let config = try StationConfig.parse(
                String(decoding: text, as: UTF8.self), fileName: paths.workerConfigFile)
            Log.error("\(error)")
            Log.warning("the station goes on with the configuration it had; mend the file and reload")
            return Reconfiguration(config: config, plan: plan(config: config, paths: paths, executable: executable)) {}
        }
    }

    /// The configuration as it is now. The workers read a copy of it: one that is started again in the middle of an
    /// edit, or after a typo, must come up as the others did.
    private func reconfiguration(_ paths: StationPaths, executable: String) throws -> Reconfiguration {
        _ = try station.load(paths)
        let file = station.config ?? paths.configFile
        let text = FileManager.default.contents(atPath: file) ?? Data()
        // What is handed on is what was read: the file may have been saved again in between.
        let config = try StationConfig.parse(String(decoding: text, as: UTF8.self), fileName: file)
        let plan = plan(config: config, paths: paths, executable: executable)
        return Reconfiguration(config: config, plan: plan) { try AtomicFile.write(text, to: plan.workerConfigFile) }
    }

    private func plan(config: StationConfig, paths: StationPaths, executable: String) -> StationPlan {
        var policy = RestartPolicy()
        policy.pauseSecondsFirst = config.supervisor.restartFirstSeconds
        policy.pauseSecondsMax = config.supervisor.restartMaxSeconds
        policy.stableSeconds = config.supervisor.stableAfterSeconds
        policy.failuresMax = config.supervisor.restartBudget
        policy.failureWindowSeconds = config.supervisor.restartBudgetSeconds
        policy.askSecondsMax = config.supervisor.stopSecondsMax
        let snapshot = paths.workerConfigFile
        return StationPlan(
            mode: mode, version: Version.text, executable: executable,
            workerArguments: station.workerArguments(config: snapshot), workerEnvironment: workerEnvironment,
            controlSocket: paths.controlSocket, workerConfigFile: snapshot, handoverFile: paths.handoverFile,
            eventsFile: paths.eventsFile, exitsFile: paths.exitsFile, generators: config.generator.count,
            generatorNice: config.generator.nice, airNice: config.supervisor.airNice,
            hasDashboard: config.dashboard.enabled, restartPolicy: policy)
    }

    private func ownExecutable() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }

    /// Workers get what they need to find files and tools, and nothing that speaks for the supervisor (sd_notify).
    private var workerEnvironment: [String: String] {
        let names = [
            "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "CREDENTIALS_DIRECTORY",
            "CONFIGURATION_DIRECTORY",
            "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "CACHE_DIRECTORY", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
            "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH",
            // Where plug-ins and the weights of models are, and which GPU is theirs.
            "LOFISUP_PLUGINS", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "AUDIOCRAFT_CACHE_DIR",
            "CUDA_VISIBLE_DEVICES",
        ]
        // A crash that is drawn up with care holds the process for seconds, and the air with it.
        return station.environment.filter { names.contains($0.key) }
            .merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    }
}

extension StationMode: ExpressibleByArgument {}
