public import Platform
internal import Synchronization

/// Backends in the order of the configuration: the first one that plays is asked, one that failed rests a while.
///
/// Every failure in a row makes the rest longer (`BreakerSchedule`); a backend whose rest is over is tried again
/// with the next track. Safe to ask for `states` from any thread; `generate` is for one thread.
public final class BackendChain: Sendable {
    private let backends: [any MusicBackend]
    private let schedule: BreakerSchedule
    private let clock: any StationClock
    private let breakers: Mutex<[String: Breaker]>

    /// - Parameters:
    ///   - names: as configured, first choice first; a name given twice counts once.
    ///   - catalogue: every backend of this build.
    /// - Throws: `.unknownBackend`, `.noBackends`.
    public init(
        names: [String], catalogue: [any MusicBackend], schedule: BreakerSchedule = BreakerSchedule(),
        clock: any StationClock
    ) throws(BackendError) {
        let known = catalogue.map(\.name)
        var chosen: [any MusicBackend] = []
        for name in names where !chosen.contains(where: { $0.name == name }) {
            guard let backend = catalogue.first(where: { $0.name == name }) else {
                throw .unknownBackend(name: name, known: known)
            }
            chosen.append(backend)
        }
        if chosen.isEmpty { throw .noBackends(known: known) }
        backends = chosen
        self.schedule = schedule
        self.clock = clock
        breakers = Mutex(Dictionary(uniqueKeysWithValues: chosen.map { ($0.name, Breaker()) }))
    }

    /// The backend that would be asked now: the first one that does not rest; nil while all rest.
    public var current: (any MusicBackend)? {
        let now = clock.monotonicSeconds
        return backends.first { restSeconds(of: $0.name, at: now) <= 0 }
    }

    /// How every backend of the chain fares, in the chain's order.
    public var states: [BackendState] {
        let now = clock.monotonicSeconds
        return breakers.withLock { breakers in
            backends.map { backend in
                let breaker = breakers[backend.name] ?? Breaker()
                return BackendState(
                    name: backend.name, restSeconds: max(0, breaker.openUntil - now),
                    failuresInARow: breaker.failures, why: breaker.why)
            }
        }
    }

    /// A track from the first backend that makes one.
    /// - Parameter onFallback: told at once of each backend that was asked and failed, with the reason and its rest.
    /// - Throws: `.cancelled`; `.nonePlays` with a reason for each backend.
    public func generate(
        _ request: TrackRequest, into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void, onFallback: (BackendState) -> Void = { _ in }
    ) throws(BackendError) -> RenderedTrack {
        var reports: [BackendReport] = []
        for backend in backends {
            if cancellation.isCancelled { throw .cancelled }
            if let report = resting(backend) {
                reports.append(report)
                continue
            }
            do {
                try prepareIfNeeded(backend)
                let track = try backend.generate(
                    request, into: directory, cancellation: cancellation, progress: progress)
                breakers.withLock { $0[backend.name]?.recordSuccess() }
                return track
            } catch {
                // Whatever a backend throws while it is being stopped is about the stopping.
                if cancellation.isCancelled { throw .cancelled }
                let state = recordFailure(of: backend.name, why: "\(error)")
                reports.append(BackendReport(backend: backend.name, why: "\(error)"))
                onFallback(state)
            }
        }
        throw .nonePlays(reports: reports, retryInSeconds: states.map(\.restSeconds).min() ?? 0)
    }

    /// To be told after Admission: a backend whose tracks are refused time and again rests like one that fails.
    /// - Parameter refusal: nil when the track was admitted.
    public func recordAdmission(of backend: String, refusal: Refusal?) {
        let now = clock.monotonicSeconds
        breakers.withLock { $0[backend]?.recordAdmission(refusal: refusal, now: now, schedule: schedule) }
    }

    public func close() {
        for backend in backends { backend.close() }
        breakers.withLock { breakers in
            for backend in backends { breakers[backend.name]?.isPrepared = false }
        }
    }

    private func restSeconds(of name: String, at now: Double) -> Double {
        breakers.withLock { ($0[name]?.openUntil ?? 0) - now }
    }

    private func resting(_ backend: any MusicBackend) -> BackendReport? {
        guard let state = states.first(where: { $0.name == backend.name }), state.restSeconds > 0 else { return nil }
        return BackendReport(
            backend: backend.name,
            why: "rests for \(Int(state.restSeconds.rounded(.up))) s after: \(state.why ?? "a failure")")
    }

    private func prepareIfNeeded(_ backend: any MusicBackend) throws {
        if breakers.withLock({ $0[backend.name]?.isPrepared ?? false }) { return }
        try backend.prepare()
        breakers.withLock { $0[backend.name]?.isPrepared = true }
    }

    private func recordFailure(of name: String, why: String) -> BackendState {
        let now = clock.monotonicSeconds
        breakers.withLock { $0[name]?.recordFailure(why: why, now: now, schedule: schedule) }
        return states.first { $0.name == name } ?? BackendState(name: name, restSeconds: 0, failuresInARow: 1, why: why)
    }
}
