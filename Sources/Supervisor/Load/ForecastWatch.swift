internal import Config
internal import Domain
internal import Forecast
internal import IPC
internal import Platform

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
    private static let seconds = 10.0
    private var isUnderWay = false

    /// What the governor wants this generator to rest beside the Buffer's rest.
    mutating func note(extraRestSeconds seconds: Double, of generator: WorkerName) {
        extraRestSeconds[generator] = seconds
    }

    /// What is to be worked out now, beside the control loop: a play of days takes its time. Nil when it is not time to,
    /// or nothing is known of the Buffer.
    /// - Parameter generators: those at work, or on their way to it.
    mutating func question(
        now: Double, buffer: BufferSummary?, generation: [GenerationSummary], generators: [WorkerName],
        mode: StationMode, config: StationConfig
    ) -> (@Sendable () -> BufferForecast)? {
        guard !isUnderWay, now - lookedAt >= Self.seconds || latest == nil, let buffer else { return nil }
        lookedAt = now
        isUnderWay = true
        if let said = generation.first(where: { $0.paces?.isEmpty == false }) {
            paces = said.paces ?? []
            asked = said.backend
        }
        return question(buffer: buffer, generators: generators, mode: mode, config: config)
    }

    /// Takes the answer.
    /// - Returns: what has changed so much that it is to be told.
    mutating func take(_ forecast: BufferForecast, now: Double) -> ForecastAlarm.Change? {
        isUnderWay = false
        latest = forecast
        return alarm.note(forecast, now: now)
    }

    private func question(
        buffer: BufferSummary, generators: [WorkerName], mode: StationMode, config: StationConfig
    ) -> @Sendable () -> BufferForecast {
        func known(_ sentence: String) -> @Sendable () -> BufferForecast {
            { BufferForecast(kind: .unknown, sentence: sentence, confidence: .none) }
        }
        if mode == .feederOnly { return known("unknown: what fills the buffer runs elsewhere") }
        if paces.isEmpty, !generators.isEmpty { return known("unknown until a generator has made its first track") }
        let policy = GenerationPolicy(
            bands: config.buffer.bands, targetHours: config.buffer.targetHours, maxHours: config.buffer.maxHours,
            trackSeconds: config.generator.trackSeconds, generators: generators.count)
        let extra = generators.compactMap { extraRestSeconds[$0] }.reduce(0, +) / Double(max(1, generators.count))
        let situation = Situation(
            hours: buffer.hours, health: buffer.health, backends: paces, extraRestSeconds: extra)
        let outlook = Outlook(policy: policy, playback: mode == .generatorOnly ? 0 : 1)
        let asked = asked
        return { outlook.forecast(situation, asked: asked) }
    }
}

/// The forecast's place in the control loop.
extension Supervisor {
    /// Once a second.
    func lookAhead(now: Double) {
        let working = posts.filter { $0.name.role == .generator && isAtWork($0) }.map(\.name)
        let question = outlook.question(
            now: now, buffer: board.buffer, generation: board.generation, generators: working, mode: plan.mode,
            config: config)
        guard let question else { return }
        errands.send("forecast") {
            let forecast = question()
            return { supervisor in supervisor.foresee(forecast) }
        }
    }

    private func foresee(_ forecast: BufferForecast) {
        guard let change = outlook.take(forecast, now: clock.monotonicSeconds) else { return }
        var isWarning = false
        if case .warning = change { isWarning = true }
        note("forecast", change.words, worker: nil, isWarning: isWarning)
    }

    private func isAtWork(_ post: Post) -> Bool {
        if case .running = post.slot.phase { return true }
        return post.slot.isComing
    }
}
