internal import Backends
internal import Platform
internal import Synchronization

/// All jobs: what clients ask of them, and what the rendering says of them.
final class JobBoard: Sendable {
    struct Limits: Sendable {
        var queueTracksMax: Int
        var diskBytesMax: Int
        var keepSeconds: Double
        /// A first track waits so long for others to go with it, counted anew with each that comes, ten times at most.
        var gatherSeconds = 0.2
        /// Starts of a rendering that never came back before a job is given up.
        var begunMax = 3
        var jobsMax = 5000
        /// Left alone on the disk.
        var diskReserveBytes = 256 << 20
    }

    enum Putting: Equatable {
        case new, same, different
        /// Not now, in words.
        case full(String)
    }

    /// An item on its way through a backend.
    struct Piece: Sendable {
        let job: String
        let item: RenderItem
    }

    private struct State {
        var jobs: [String: StoredJob] = [:]
        var order = 0
        var version = 0
        /// Under way now, with the fraction that is done.
        var rendering: [String: Double] = [:]
        var batch: (cancellation: Cancellation, jobs: Set<String>)?
        var arrivedAt = (first: 0.0, last: 0.0)
        var isStopped = false
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastWatcher = 0
    }

    private let store: JobStore
    private let limits: Limits
    private let clock: any StationClock
    private let state: Monitor<State>

    /// Takes up every job that is on disk.
    init(store: JobStore, limits: Limits, clock: any StationClock) throws {
        self.store = store
        self.limits = limits
        self.clock = clock
        var state = State()
        for var job in try store.load() {
            if job.state == .rendering { job.state = .queued }
            if !job.state.isOver, job.begun >= limits.begunMax {
                Self.giveUp(&job, why: "the renderer ended \(job.begun) times while it rendered this")
            }
            Self.settle(&job, now: clock.wallSeconds)
            try store.save(job)
            state.order = max(state.order, job.order)
            state.version = max(state.version, job.version)
            state.jobs[job.id] = job
        }
        self.state = Monitor(state)
    }

    // MARK: - What clients ask

    func put(_ id: String, _ request: RenderJobRequest) throws -> Putting {
        let outcome: Putting = try state.withLock { state in
            if let known = state.jobs[id] { return known.request == request ? .same : .different }
            if let why = refusal(of: request, state) { return .full(why) }
            state.order += 1
            state.version += 1
            let job = StoredJob(
                id: id, order: state.order, request: request, state: .queued, version: state.version)
            try store.save(job)
            state.jobs[id] = job
            let now = clock.monotonicSeconds
            state.arrivedAt = (Self.queued(state) == request.items.count ? now : state.arrivedAt.first, now)
            return .new
        }
        return outcome
    }

    func view(_ id: String) -> RenderJobView? {
        state.read { state in state.jobs[id].map { Self.view(of: $0, state) } }
    }

    /// The file of a track that is done.
    func track(job: String, item: String) -> (file: String, facts: RenderedFile)? {
        let facts = state.read { $0.jobs[job]?.tracks.first { $0.id == item } }
        return facts.map { (store.file(job: job, item: item), $0) }
    }

    /// Forgets a job with all its files; one that is under way is ended, where it goes alone.
    /// - Returns: false when there is none.
    func forget(_ id: String) throws -> Bool {
        let removed = try state.withLock { state in
            guard state.jobs[id] != nil else { return false }
            try store.remove(id)
            state.jobs[id] = nil
            state.rendering[id] = nil
            if let batch = state.batch, batch.jobs.isDisjoint(with: state.jobs.keys) { batch.cancellation.cancel() }
            return true
        }
        if removed { announce() }
        return removed
    }

    /// Tracks that wait or are under way.
    var queuedTracks: Int { state.read(Self.queued) }
    var queueTracksMax: Int { limits.queueTracksMax }

    /// Something, told again with every change of any job, and to be asked for again then.
    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.lastWatcher += 1
            state.watchers[state.lastWatcher] = continuation
            return state.lastWatcher
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.watchers.removeValue(forKey: number) }
        }
        return stream
    }

    /// Wakes whoever watches: something has changed, or time has passed.
    func announce() {
        let watchers = state.read { Array($0.watchers.values) }
        for watcher in watchers { watcher.yield() }
    }

    // MARK: - What the rendering asks and says

    /// Waits for work: items in the order they came, of one length, from any jobs. Nil when `timeoutSeconds` passed or
    /// the board was stopped.
    func nextBatch(upTo most: Int, timeoutSeconds: Double) -> [Piece]? {
        let deadline = clock.monotonicSeconds + timeoutSeconds
        while true {
            let left = deadline - clock.monotonicSeconds
            let found: (pieces: [Piece], waitSeconds: Double)? = state.wait(timeoutSeconds: max(0, left)) { state in
                if state.isStopped { return ([], 0) }
                let pieces = Self.pieces(state, upTo: most)
                return pieces.isEmpty ? nil : (pieces, self.gathering(state, pieces.count, of: most))
            }
            guard let found, !found.pieces.isEmpty else { return nil }
            if found.waitSeconds <= 0 { return found.pieces }
            clock.sleep(seconds: min(found.waitSeconds, 0.05))
        }
    }

    /// How much longer more is waited for.
    private func gathering(_ state: State, _ count: Int, of most: Int) -> Double {
        if count >= most { return 0 }
        let now = clock.monotonicSeconds
        return min(
            state.arrivedAt.last + limits.gatherSeconds - now, state.arrivedAt.first + 10 * limits.gatherSeconds - now)
    }

    private static func pieces(_ state: State, upTo most: Int) -> [Piece] {
        var pieces: [Piece] = []
        for job in state.jobs.values.filter({ !$0.state.isOver }).sorted(by: { $0.order < $1.order }) {
            for item in job.open {
                // A batch is as long as its longest track.
                if let first = pieces.first, first.item.seconds != item.seconds { continue }
                pieces.append(Piece(job: job.id, item: item))
                if pieces.count == most { return pieces }
            }
        }
        return pieces
    }

    /// - Parameter cancellation: set once nobody wants any of it any more.
    func begin(_ pieces: [Piece], cancellation: Cancellation) throws {
        let jobs = Set(pieces.map(\.job))
        try state.withLock { state in
            state.batch = (cancellation, jobs)
            for id in jobs {
                state.rendering[id] = 0
                try Self.change(id, &state, store) {
                    $0.state = .rendering
                    $0.begun += 1
                }
            }
            if jobs.isDisjoint(with: state.jobs.keys) || state.isStopped { cancellation.cancel() }
        }
        announce()
    }

    func progress(_ fraction: Double) {
        state.withLock { state in
            for id in state.batch?.jobs ?? [] where state.rendering[id] != nil { state.rendering[id] = fraction }
        }
    }

    /// Takes the backend's file; it is thrown away when the job was forgotten meanwhile.
    func done(_ piece: Piece, file: String, facts: RenderedFile) throws {
        try state.withLock { state in
            guard let job = state.jobs[piece.job], job.open.contains(piece.item) else {
                try Files.remove(file)
                return
            }
            try store.adopt(file, job: piece.job, item: piece.item.id)
            try Self.change(piece.job, &state, store) {
                $0.tracks.append(facts)
                $0.begun = 0
                Self.settle(&$0, now: clock.wallSeconds)
            }
        }
        announce()
    }

    func failed(_ piece: Piece, why: String) throws {
        try state.withLock { state in
            try Self.change(piece.job, &state, store) {
                guard $0.open.contains(piece.item) else { return }
                $0.failed.append(RenderFailure(id: piece.item.id, why: String(why.prefix(2000))))
                $0.begun = 0
                Self.settle(&$0, now: clock.wallSeconds)
            }
        }
        announce()
    }

    /// The batch is over, in whatever way; what was not told of waits again.
    func end() throws {
        try state.withLock { state in
            for id in state.batch?.jobs ?? [] {
                state.rendering[id] = nil
                if state.jobs[id]?.state.isOver ?? true { continue }
                try Self.change(id, &state, store) {
                    $0.state = .queued
                    $0.begun = 0
                }
            }
            state.batch = nil
        }
        announce()
    }

    /// Ends what is under way; it waits for the next server.
    func stop() {
        state.withLock {
            $0.isStopped = true
            $0.batch?.cancellation.cancel()
        }
        announce()
    }

    /// Removes what nobody came for in time.
    func removeOld() throws {
        let now = clock.wallSeconds
        // A clock that was set back makes nothing old.
        let old = state.read { state in
            state.jobs.values.filter { $0.endedAt.map { now - $0 > limits.keepSeconds } ?? false }.map(\.id)
        }
        for id in old {
            if try forget(id) { Log.info("job \(id) is removed: nobody came for it in time") }
        }
    }

    // MARK: -

    private func refusal(of request: RenderJobRequest, _ state: State) -> String? {
        if Self.queued(state) + request.items.count > limits.queueTracksMax {
            return "\(Self.queued(state)) of at most \(limits.queueTracksMax) tracks wait already"
        }
        if state.jobs.count >= limits.jobsMax { return "there are \(limits.jobsMax) jobs already" }
        let expected = request.items.reduce(0) { $0 + $1.bytesExpected }
        let taken = state.jobs.values.reduce(0) { $0 + $1.bytes + $1.open.reduce(0) { $0 + $1.bytesExpected } }
        if taken + expected > limits.diskBytesMax {
            return "the tracks that wait to be fetched take what they may on disk; fetch and delete some"
        }
        if let free = store.freeBytes(), free < expected + limits.diskReserveBytes { return "the disk is full" }
        return nil
    }

    private static func queued(_ state: State) -> Int {
        state.jobs.values.reduce(0) { $0 + ($1.state.isOver ? 0 : $1.open.count) }
    }

    private static func view(of job: StoredJob, _ state: State) -> RenderJobView {
        let total = Double(job.request.items.count)
        let known = Double(job.request.items.count - job.open.count)
        // The backend tells of the batch as a whole, which may have begun before this job was.
        let progress = job.state.isOver ? 1 : max(known / total, state.rendering[job.id] ?? 0)
        return RenderJobView(
            id: job.id, state: job.state, progress: min(1, progress), version: job.version, tracks: job.tracks,
            failed: job.failed)
    }

    private static func change(
        _ id: String, _ state: inout State, _ store: JobStore, _ how: (inout StoredJob) -> Void
    ) throws {
        guard var job = state.jobs[id] else { return }
        how(&job)
        state.version += 1
        job.version = state.version
        try store.save(job)
        state.jobs[id] = job
    }

    private static func settle(_ job: inout StoredJob, now: Double) {
        guard job.open.isEmpty else { return }
        job.state = job.tracks.isEmpty ? .failed : .done
        job.endedAt = job.endedAt ?? now
    }

    private static func giveUp(_ job: inout StoredJob, why: String) {
        for item in job.open { job.failed.append(RenderFailure(id: item.id, why: why)) }
    }
}
