internal import Backends
internal import Config
internal import Domain
internal import Forecast
internal import Platform

/// The policy's word to one generator, from what this machine's backends were measured at.
final class Guidance: Sendable {
    private struct State {
        var asked: String?
        var known: [String: MeasuredSpeed] = [:]
        var readAt = -Double.infinity
    }

    private let policy: GenerationPolicy
    private let chain: BackendChain
    private let batchMax: Int
    private let speeds: SpeedFile
    private let clock: any StationClock
    private let state = Monitor(State())

    /// Other generators measure, too.
    private static let rereadSeconds = 30.0

    init(
        policy: GenerationPolicy, chain: BackendChain, batchMax: Int, speeds: SpeedFile,
        clock: any StationClock = SystemClock()
    ) {
        self.policy = policy
        self.chain = chain
        self.batchMax = batchMax
        self.speeds = speeds
        self.clock = clock
    }

    /// The chain as the policy sees it. The first choice is unknown until it was measured; of the others what they
    /// promise will do until then.
    var paces: [BackendPace] {
        let known = measurements()
        return chain.states.enumerated().map { place, backend in
            let described = chain.description(of: backend.name)
            let measured = known[backend.name]
            return BackendPace(
                name: backend.name,
                speed: measured?.speed ?? (place > 0 ? described?.realTimeFactorExpected : nil),
                tracks: measured?.tracks ?? 0, batch: min(described?.batchMax ?? 1, batchMax),
                isAvailable: backend.restSeconds <= 0)
        }
    }

    /// Has the backend asked first that the policy wants for `summary`.
    func choose(_ summary: BufferSummary, extraRestSeconds: Double) {
        let before = state.read { $0.asked }
        let now = situation(summary, extraRestSeconds)
        let chosen = policy.backend(in: now, asked: before)
        chain.prefer(chosen)
        state.withLock { $0.asked = chosen }
        guard let chosen, let before, chosen != before else { return }
        let speed = now.pace(of: before)?.speed.map { " (\(before) makes \(Self.tenths($0)) s of music a second)" }
        Log.info("\(chosen) composes now, with \(Self.tenths(summary.hours)) h on the buffer\(speed ?? "")")
    }

    func rest(_ summary: BufferSummary, extraRestSeconds: Double) -> TrackRest {
        TrackRest(policy, in: situation(summary, extraRestSeconds), after: state.read { $0.asked })
    }

    /// Keeps what `outcome` tells of the backends' speeds.
    func measured(_ outcome: BatchRun.Outcome, trackSeconds: Double) {
        for work in outcome.work {
            do {
                try speeds.add(
                    backend: work.backend, musicSeconds: Double(work.admitted) * trackSeconds,
                    workSeconds: work.seconds, tracks: work.tracks)
            } catch {
                Log.warning("a measured speed could not be kept: \(error)")
            }
        }
        state.withLock { $0.readAt = -Double.infinity }
    }

    private func situation(_ summary: BufferSummary, _ extraRestSeconds: Double) -> Situation {
        Situation(
            hours: summary.hours, health: summary.health, backends: paces, extraRestSeconds: extraRestSeconds)
    }

    private func measurements() -> [String: MeasuredSpeed] {
        let now = clock.monotonicSeconds
        let (known, isFresh) = state.read { ($0.known, now - $0.readAt < Self.rereadSeconds) }
        if isFresh { return known }
        let read = speeds.speeds()
        state.withLock {
            $0.known = read
            $0.readAt = now
        }
        return read
    }

    private static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

extension GenerationPolicy {
    /// As the station is configured.
    init(_ config: StationConfig) {
        self.init(
            bands: config.buffer.bands, targetHours: config.buffer.targetHours, maxHours: config.buffer.maxHours,
            trackSeconds: config.generator.trackSeconds, generators: config.generator.count)
    }
}
