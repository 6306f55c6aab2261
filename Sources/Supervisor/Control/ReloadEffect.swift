public import Config
public import Domain
public import IPC

/// What must happen for a changed key to count.
public enum ReloadEffect: Sendable, Hashable {
    /// The encoder takes it over while it is on the air.
    case encoderLive
    /// These workers are started again; nothing of it is heard.
    case restart([WorkerRole])
    /// Only a new encoder has it, and a new encoder is a new connection: it waits for the operator's word.
    case encoderRestartNeeded
    /// Generators are added, or drained.
    case rescale
    /// The generators that run get another niceness.
    case renice
    /// The supervisor itself goes by it.
    case supervisorOnly
    /// The dashboard is started, or stopped.
    case dashboardOnOff
    /// It is about `lofisup render-server`, which is no worker of the station.
    case renderServer

    /// The effect of a key as in `ConfigChange.key` or `StationConfig.keyPaths`; nil for one that is not known.
    public static func of(key: String) -> ReloadEffect? {
        if let effect = table[key] { return effect }
        let section = key.split(separator: ".").first.map(String.init) ?? key
        return tablesOf[section]
    }

    /// In words, as `plan` prints it.
    public var words: String {
        switch self {
        case .encoderLive: "the encoder takes it over on the air"
        case .restart(let roles):
            "\(Self.list(roles)) \(roles.count == 1 ? "is" : "are") started again; nothing of it is heard"
        case .encoderRestartNeeded: "waits for `lofisup ctl restart encoder`, which is heard"
        case .rescale: "generators are added, or drained from the newest on"
        case .renice: "generators that run get the new niceness"
        case .supervisorOnly: "the supervisor goes by it at once"
        case .dashboardOnOff: "the dashboard is started or stopped"
        case .renderServer: "counts from the next start of `lofisup render-server` on"
        }
    }

    private static func list(_ roles: [WorkerRole]) -> String {
        let names = roles.map { $0 == .generator ? "every generator" : "the \($0.rawValue)" }
        return names.count < 2
            ? names.joined() : names.dropLast().joined(separator: ", ") + " and \(names[names.count - 1])"
    }

    /// Tables with one effect for all that is in them.
    private static let tablesOf: [String: ReloadEffect] = [
        "destinations": .encoderLive,
        "backends": .restart([.generator]),
        "renderers": .restart([.generator]),
        "render_server": .renderServer,
        "prompts": .restart([.generator, .feeder]),
    ]

    private static let shelf = ReloadEffect.restart([.generator, .feeder])

    private static let table: [String: ReloadEffect] = [
        "station.name": .restart([.dashboard]),
        "station.monetised": .restart([.generator]),

        "generator.backends": .restart([.generator]),
        "generator.count": .rescale,
        "generator.track_seconds": shelf,
        "generator.prompt_seconds": shelf,
        // The feeder composes, too, when the Buffer is empty.
        "generator.loudness_lufs": shelf,
        "generator.true_peak_dbtp": shelf,
        "generator.nice": .renice,
        "generator.seed": .restart([.generator]),
        "generator.batch_max": .restart([.generator]),
        "generator.memory_max": .restart([.generator]),
        "generator.unload_after_seconds": .restart([.generator]),

        "audiocraft.python": .restart([.generator]),
        "audiocraft.precision": .restart([.generator]),
        "audiocraft.device": .restart([.generator]),

        "buffer.target_hours": shelf,
        "buffer.max_hours": .restart([.generator]),
        "buffer.healthy_hours": .restart([.generator, .feeder, .dashboard]),
        "buffer.warning_hours": .restart([.generator, .feeder, .dashboard]),
        "buffer.critical_hours": .restart([.generator, .feeder, .dashboard]),
        "buffer.emergency_hours": .restart([.generator, .feeder, .dashboard]),
        "buffer.hysteresis_hours": .restart([.generator, .feeder, .dashboard]),
        "buffer.healthy_rest_seconds": .restart([.generator]),
        "buffer.warning_rest_seconds": .restart([.generator]),
        "buffer.keep_consumed": .restart([.feeder]),
        "buffer.when_depleted": .restart([.feeder]),
        "buffer.disk_reserve": shelf,

        "evergreen.max_size": .restart([.feeder]),
        "evergreen.repeat_after_hours": .restart([.feeder]),

        "feeder.crossfade_seconds": .restart([.feeder]),
        "feeder.silence_between_prompts_seconds": .restart([.feeder]),

        "encoder.animation": .encoderRestartNeeded,
        "encoder.width": .encoderRestartNeeded,
        "encoder.height": .encoderRestartNeeded,
        "encoder.frames_per_second": .encoderRestartNeeded,
        "encoder.video_kbps": .encoderRestartNeeded,
        "encoder.audio_kbps": .encoderRestartNeeded,
        "encoder.cushion_seconds": .encoderRestartNeeded,
        "encoder.hls_segment_seconds": .encoderRestartNeeded,
        "encoder.hls_window_segments": .encoderRestartNeeded,
        "encoder.session_days_max": .encoderRestartNeeded,

        "dashboard.enabled": .dashboardOnOff,
        "dashboard.host": .restart([.dashboard]),
        "dashboard.port": .restart([.dashboard]),

        "supervisor.stop_seconds_max": .supervisorOnly,
        "supervisor.restart_first_seconds": .supervisorOnly,
        "supervisor.restart_max_seconds": .supervisorOnly,
        "supervisor.stable_after_seconds": .supervisorOnly,
        "supervisor.restart_budget": .supervisorOnly,
        "supervisor.restart_budget_seconds": .supervisorOnly,
        "supervisor.load_policy": .supervisorOnly,
        // The feeder has it from its next start on, too.
        "supervisor.air_nice": .encoderRestartNeeded,
    ]
}

/// What reading another configuration comes to, all its changes together.
public struct ReloadEffects: Sendable, Equatable {
    /// What an operator is told, a step for each changed key.
    public let steps: [ReloadPlan.Step]
    private let effects: [ReloadEffect]
    /// Keys that wait for a new encoder.
    public let encoderKeys: [String]

    public init(from before: StationConfig, to after: StationConfig) {
        var found: [(change: ConfigChange, effect: ReloadEffect)] = []
        for change in before.changes(to: after) {
            // A key that the table forgets (a test sees to it that there is none) asks for the most careful answer.
            found.append((change, ReloadEffect.of(key: change.key) ?? .encoderRestartNeeded))
        }
        steps = found.map { change, effect in
            ReloadPlan.Step(key: change.key, before: change.before, after: change.after, effect: effect.words)
        }
        effects = found.map(\.effect)
        encoderKeys = found.filter { $0.effect == .encoderRestartNeeded }.map(\.change.key)
    }

    public var isEmpty: Bool { effects.isEmpty }

    /// Workers to start again, besides those that the other effects start or stop.
    public var restarts: Set<WorkerRole> {
        Set(
            effects.flatMap { effect -> [WorkerRole] in
                if case .restart(let roles) = effect { roles } else { [] }
            })
    }

    public func contains(_ effect: ReloadEffect) -> Bool { effects.contains(effect) }
}
