import Config
import Domain
import FoundationEssentials
import Glibc
import Platform
import Supervisor

/// The real supervisor over stand-in workers, as a process of its own: its descriptors, its memory and its death are
/// its own.
struct BadStation {
    private let root: String
    private var policy = RestartPolicy()
    private var generators = 0
    private var files: UInt?
    private var executable: String

    private static var seconds: [String: WritableKeyPath<RestartPolicy, Double>] {
        [
            "pauseSecondsFirst": \.pauseSecondsFirst, "pauseSecondsMax": \.pauseSecondsMax,
            "tryAgainSeconds": \.tryAgainSeconds, "diskFullSeconds": \.diskFullSeconds,
            "stableSeconds": \.stableSeconds, "failureWindowSeconds": \.failureWindowSeconds,
            "probeSeconds": \.probeSeconds, "probeSecondsMax": \.probeSecondsMax,
            "missingBinaryProbeSeconds": \.missingBinaryProbeSeconds, "startSecondsMax": \.startSecondsMax,
            "silentSecondsMax": \.silentSecondsMax, "stuckSecondsMax": \.stuckSecondsMax,
            "askSecondsMax": \.askSecondsMax, "terminateSecondsMax": \.terminateSecondsMax,
        ]
    }

    /// - Parameter settings: KEY=VALUE: `generators`, `executable`, `files` (RLIMIT_NOFILE), `failuresMax`, or seconds
    ///   of the restart policy.
    init(root: String, settings: [String]) throws {
        self.root = root
        executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
            switch parts[0] {
            case "executable": executable = parts[1]
            case "generators": generators = Int(parts[1]) ?? 0
            case "files": files = UInt(parts[1])
            case "failuresMax": policy.failuresMax = Int(parts[1]) ?? 0
            default:
                guard let path = Self.seconds[parts[0]], let value = Double(parts[1]) else {
                    throw SystemError("read \(setting)", code: EINVAL)
                }
                policy[keyPath: path] = value
            }
        }
    }

    func run() throws -> Int32 {
        let signals = try SignalFeed([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
        for directory in ["/run", "/state", "/steps"] { try Files.makeDirectory(root + directory) }
        if let files {
            var limit = rlimit(rlim_cur: files, rlim_max: files)
            guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
                throw SystemError("setrlimit")
            }
        }
        let plan = StationPlan(
            mode: .full, version: "bad", executable: executable, workerArguments: [root],
            workerEnvironment: ["SWIFT_BACKTRACE": "enable=no"],
            controlSocket: root + "/run/lofisup.sock", workerConfigFile: root + "/run/config.toml",
            handoverFile: root + "/run/supervisor.json", eventsFile: root + "/state/events.jsonl",
            exitsFile: root + "/state/exits.json", generators: generators, generatorNice: 0, airNice: 0,
            hasDashboard: true, restartPolicy: policy)
        var fixed = StationConfig()
        // A busy machine must not change how many generators these tests have.
        fixed.supervisor.loadPolicy = .off
        let config = fixed
        let supervisor = try Supervisor(plan: plan, config: config) {
            Reconfiguration(config: config, plan: plan) {}
        }
        return supervisor.run(signals: signals).rawValue
    }
}
