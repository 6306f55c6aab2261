internal import Config
internal import Domain
internal import Forecast
internal import IPC

/// What the supervisor knows of the hours to come.
struct ForecastWatch {
    private(set) var latest: BufferForecast?
    private var alarm = ForecastAlarm()
    /// As the generators last said; those that are down do not take the speeds with them.
    private var paces: [BackendPace] = []
    private var asked: String?
    private var extraRestSeconds: [WorkerName: Double] = [:]
    private var lookedAt = -Double.infinity
    /// A forecast plays hours ahead; the present need not be in it to the second.
    private static let seconds = 5.0

    /// What the governor wants this generator to rest beside the Buffer's rest.
    mutating func note(extraRestSeconds seconds: Double, of generator: WorkerName) {
        extraRestSeconds[generator] = seconds
    }

    /// Looks ahead, if it is time to.
    /// - Parameter generators: those at work, or on their way to it.
    /// - Returns: what has changed so much that it is to be told.
    mutating func look(
        now: Double, buffer: BufferSummary?, generation: [GenerationSummary], generators: [WorkerName],
        mode: StationMode, config: StationConfig
    ) -> ForecastAlarm.Change? {
        guard now - lookedAt >= Self.seconds || latest == nil else { return nil }
        guard let buffer else { return nil }
        lookedAt = now
        if let said = generation.first(where: { $0.paces?.isEmpty == false }) {
            paces = said.paces ?? []
            asked = said.backend
        }
        let forecast = forecast(buffer: buffer, generators: generators, mode: mode, config: config)
        latest = forecast
        return alarm.note(forecast, now: now)
    }

    private func forecast(
        buffer: BufferSummary, generators: [WorkerName], mode: StationMode, config: StationConfig
    ) -> BufferForecast {
        if mode == .feederOnly {
            return BufferForecast(
                kind: .unknown, sentence: "unknown: what fills the buffer runs elsewhere", confidence: .none)
        }
        if paces.isEmpty, !generators.isEmpty {
            return BufferForecast(
                kind: .unknown, sentence: "unknown until a generator has made its first track", confidence: .none)
        }
        let policy = GenerationPolicy(
            bands: config.buffer.bands, targetHours: config.buffer.targetHours, maxHours: config.buffer.maxHours,
            trackSeconds: config.generator.trackSeconds, generators: generators.count)
        let extra = generators.compactMap { extraRestSeconds[$0] }.reduce(0, +) / Double(max(1, generators.count))
        let situation = Situation(
            hours: buffer.hours, health: buffer.health, backends: paces, extraRestSeconds: extra)
        return Outlook(policy: policy, playback: mode == .generatorOnly ? 0 : 1).forecast(situation, asked: asked)
    }
}

/// The forecast's place in the control loop.
extension Supervisor {
    /// Once a second.
    func lookAhead(now: Double) {
        let working = posts.filter { $0.name.role == .generator && isAtWork($0) }.map(\.name)
        let change = outlook.look(
            now: now, buffer: board.buffer, generation: board.generation, generators: working, mode: plan.mode,
            config: config)
        guard let change else { return }
        if case .warning = change {
            note("forecast", change.words, worker: nil, isWarning: true)
        } else {
            note("forecast", change.words, worker: nil)
        }
    }

    private func isAtWork(_ post: Post) -> Bool {
        if case .running = post.slot.phase { return true }
        return post.slot.isComing
    }
}
