import Config
import Domain
import Glibc
import Platform
import Supervisor

/// The station's supervisor with stand-ins for its workers, as a process of its own:
/// `lofisup-bench supervise ROOT PAUSE-SECONDS ready|reports STAND-IN FIFO`.
enum SupervisionHost {
    /// Eight workers.
    static let generators = 5
    /// The one that is killed: it is started with the niceness of its supervisor.
    static let victim = WorkerName(.dashboard).description

    static func socket(in root: String) -> String { root + "/run/lofisup.sock" }

    /// Runs until SIGTERM; answers with the exit code.
    static func run(_ arguments: [String]) throws -> Int32 {
        guard arguments.count == 5, let pause = Double(arguments[1]) else { return 64 }
        let signals = try SignalFeed([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
        let root = arguments[0]
        for place in ["", "/run", "/state"] { try Files.makeDirectory(root + place) }
        let config = StationConfig()
        var policy = RestartPolicy()
        policy.pauseSecondsFirst = pause
        // Every kill is to be a first one, and there are more of them than a station bears.
        policy.stableSeconds = 1
        policy.failuresMax = 100_000
        if arguments[2] == "ready" { (policy.silentSecondsMax, policy.stuckSecondsMax) = (86_400, 86_400) }
        let plan = StationPlan(
            mode: .full, version: "stand-in", executable: arguments[3], workerArguments: [arguments[2], arguments[4]],
            workerEnvironment: ["PATH": "/usr/bin:/bin"], controlSocket: socket(in: root),
            workerConfigFile: root + "/run/lofisup.toml", handoverFile: root + "/run/supervisor.json",
            eventsFile: root + "/state/events.jsonl", exitsFile: root + "/state/exits.json", generators: generators,
            generatorNice: config.generator.nice, airNice: config.supervisor.airNice, hasDashboard: true,
            restartPolicy: policy)
        let supervisor = try Supervisor(plan: plan, config: config) {
            Reconfiguration(config: config, plan: plan, commit: {})
        }
        return supervisor.run(signals: signals).rawValue
    }
}
