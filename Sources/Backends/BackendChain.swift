public import Platform
internal import Synchronization

/// Backends in the order of the configuration: the first one that plays is asked, one that failed rests a while.
///
/// Every failure in a row makes the rest longer (`BreakerSchedule`); a backend whose rest is over is tried again
/// with the next batch. Safe to ask for `states`, and to `tune`, from any thread; `render` is for one thread.
public final class BackendChain: Sendable {
    private let backends: [any MusicBackend]
    private let schedule: BreakerSchedule
    private let monetised: Bool
    private let clock: any StationClock
    private let breakers: Mutex<[String: Breaker]>
    private let preferred = Mutex<String?>(nil)

    /// - Parameters:
    ///   - names: as configured, first choice first; a name given twice counts once.
    ///   - catalogue: every backend there is.
    ///   - monetised: backends whose licence forbids that are passed over, with the reason.
    /// - Throws: `.unknownBackend`, `.noBackends`.
    public init(
        names: [String], catalogue: [any MusicBackend], schedule: BreakerSchedule = BreakerSchedule(),
        monetised: Bool = false, clock: any StationClock
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
        self.monetised = monetised
        self.clock = clock
        breakers = Mutex(Dictionary(uniqueKeysWithValues: chosen.map { ($0.name, Breaker()) }))
    }

    /// Has `name` asked before the others from now on; nil: the chain's own order.
    public func prefer(_ name: String?) { preferred.withLock { $0 = name } }

    /// In the order in which they are asked.
    private var order: [any MusicBackend] {
        let first = preferred.withLock { $0 }
        return backends.filter { $0.name == first } + backends.filter { $0.name != first }
    }

    /// The backend that would be asked now: the first one that does not rest; nil while all rest.
    public var current: (any MusicBackend)? {
        let now = clock.monotonicSeconds
        return order.first { restSeconds(of: $0.name, at: now) <= 0 }
    }

    /// What `name` says of itself now; nil for one that is not in the chain.
    public func description(of name: String) -> BackendDescription? {
        backends.first { $0.name == name }?.describe()
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

    /// Makes the first backend that can ready, so that what it says of itself can be planned with; the others stay as
    /// they are.
    /// - Throws: `.cancelled`; `.nonePlays` with a reason for each backend.
    public func prepare(
        cancellation: Cancellation, onFallback: (BackendState) -> Void = { _ in }
    ) throws(BackendError) -> any MusicBackend {
        var reports: [BackendReport] = []
        for backend in order {
            if cancellation.isCancelled { throw .cancelled }
            if let report = resting(backend) {
                reports.append(report)
                continue
            }
            do {
                try prepareIfNeeded(backend, cancellation)
                return backend
            } catch {
                reports.append(try failed(backend, error, cancellation, onFallback))
            }
        }
        throw nonePlays(reports)
    }

    /// Tracks for `requests`, each from the first backend that makes it. What a failed backend had reported stays good;
    /// what it had not goes to the next one, and so does a single request that failed, without harm to the backend's
    /// standing.
    /// - Parameters:
    ///   - onTrack: called once for each request, as soon as its track is there, or nobody makes it: then `.nonePlays`
    ///     with the reasons.
    ///   - onFallback: told at once of each backend that was asked and failed, with the reason and its rest.
    /// - Throws: `.cancelled`, with the remaining requests unreported.
    public func render(
        _ requests: [TrackRequest], into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void, onFallback: (BackendState) -> Void = { _ in },
        onTrack: (Int, Result<RenderedTrack, BackendError>) -> Void
    ) throws(BackendError) {
        var work = BatchWork(count: requests.count)
        var reports: [BackendReport] = []
        for backend in order where !work.isDone {
            if cancellation.isCancelled { throw .cancelled }
            if let report = resting(backend) {
                reports.append(report)
                continue
            }
            work.beginTurn()
            do {
                try prepareIfNeeded(backend, cancellation)
                while let batch = work.next(upTo: backend.describe().batchMax) {
                    if cancellation.isCancelled { throw BackendError.cancelled }
                    let (before, share) = work.shares(of: batch)
                    try backend.render(
                        batch.map { requests[$0] }, into: directory, cancellation: cancellation,
                        progress: { progress(before + share * min(max($0, 0), 1)) },
                        onTrack: { place, result in
                            guard batch.indices.contains(place), work.isWaiting(batch[place]) else { return }
                            do throws(BackendError) {
                                let track = try result.get()
                                work.finish(batch[place])
                                onTrack(batch[place], .success(track))
                            } catch {
                                work.passOn(batch[place])
                                reports.append(BackendReport(backend: backend.name, why: "\(error)"))
                            }
                        })
                    let missing = batch.count { work.isWaiting($0) }
                    if missing > 0 { throw BackendError.unreported(backend: backend.name, missing: missing) }
                }
                breakers.withLock { $0[backend.name]?.recordSuccess() }
            } catch {
                reports.append(try failed(backend, error, cancellation, onFallback))
            }
        }
        for index in work.unfinished { onTrack(index, .failure(nonePlays(reports))) }
    }

    /// One track from the first backend that makes it.
    /// - Throws: `.cancelled`; `.nonePlays` with a reason for each backend.
    public func generate(
        _ request: TrackRequest, into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void, onFallback: (BackendState) -> Void = { _ in }
    ) throws(BackendError) -> RenderedTrack {
        var reported: Result<RenderedTrack, BackendError>?
        try render(
            [request], into: directory, cancellation: cancellation, progress: progress, onFallback: onFallback,
            onTrack: { reported = $1 })
        guard let reported else { throw nonePlays([]) }
        return try reported.get()
    }

    /// To be told after Admission: a backend whose tracks are refused time and again rests like one that fails.
    /// - Parameter refusal: nil when the track was admitted.
    public func recordAdmission(of backend: String, refusal: Refusal?) {
        let now = clock.monotonicSeconds
        breakers.withLock { $0[backend]?.recordAdmission(refusal: refusal, now: now, schedule: schedule) }
    }

    /// Tells every backend with how many threads it may compute from now on.
    public func tune(threads: Int?) { for backend in backends { backend.tune(threads: threads) } }

    /// Has every backend give memory back while nothing is to be rendered for a while.
    public func release() { letGo { $0.release() } }

    public func close() { letGo { $0.close() } }

    private func letGo(_ how: (any MusicBackend) -> Void) {
        for backend in backends {
            how(backend)
            breakers.withLock { $0[backend.name]?.isPrepared = false }
        }
    }

    private func nonePlays(_ reports: [BackendReport]) -> BackendError {
        .nonePlays(reports: reports, retryInSeconds: states.map(\.restSeconds).min() ?? 0)
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

    private func prepareIfNeeded(_ backend: any MusicBackend, _ cancellation: Cancellation) throws {
        if breakers.withLock({ $0[backend.name]?.isPrepared ?? false }) { return }
        try allow(backend)
        try backend.prepare(cancellation: cancellation)
        // Some tell of their licence only when they are asked themselves.
        try allow(backend)
        breakers.withLock { $0[backend.name]?.isPrepared = true }
    }

    private func allow(_ backend: any MusicBackend) throws(BackendError) {
        let description = backend.describe()
        guard monetised, description.nonCommercial else { return }
        backend.release()
        throw .nonCommercial(backend: backend.name, licence: description.licence ?? "it does not say which")
    }

    /// Records what `backend` threw and returns the report of it.
    /// - Throws: `.cancelled`.
    private func failed(
        _ backend: any MusicBackend, _ error: any Error, _ cancellation: Cancellation,
        _ onFallback: (BackendState) -> Void
    ) throws(BackendError) -> BackendReport {
        // Whatever a backend throws while it is being stopped is about the stopping.
        if cancellation.isCancelled { throw .cancelled }
        let now = clock.monotonicSeconds
        let why = "\(error)"
        breakers.withLock { $0[backend.name]?.recordFailure(why: why, now: now, schedule: schedule) }
        onFallback(
            states.first { $0.name == backend.name }
                ?? BackendState(name: backend.name, restSeconds: 0, failuresInARow: 1, why: why))
        return BackendReport(backend: backend.name, why: why)
    }
}

/// Which requests of a batch are done while one backend after the other has its turn.
private struct BatchWork {
    private enum Standing {
        case waiting, passedOn, done
    }

    private var standings: [Standing]

    init(count: Int) { standings = Array(repeating: .waiting, count: count) }

    var isDone: Bool { standings.allSatisfy { $0 == .done } }
    var unfinished: [Int] { standings.indices.filter { standings[$0] != .done } }

    func isWaiting(_ index: Int) -> Bool { standings[index] == .waiting }

    /// Another backend is asked: for everything that is not done.
    mutating func beginTurn() { for index in unfinished { standings[index] = .waiting } }

    /// The next requests to ask this backend for; nil when it was asked for all.
    func next(upTo most: Int) -> [Int]? {
        let waiting = standings.indices.filter(isWaiting)
        return waiting.isEmpty ? nil : Array(waiting.prefix(max(1, most)))
    }

    /// How much of the whole is behind when `batch` begins, and how much that is.
    func shares(of batch: [Int]) -> (before: Double, share: Double) {
        let waiting = standings.count(where: { $0 == .waiting })
        let count = Double(max(1, standings.count))
        return (Double(standings.count - waiting) / count, Double(batch.count) / count)
    }

    mutating func finish(_ index: Int) { standings[index] = .done }
    mutating func passOn(_ index: Int) { standings[index] = .passedOn }
}
