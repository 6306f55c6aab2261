public import Backends
public import Buffer
public import Config
internal import Domain
internal import Platform

/// Fills a portable buffer with the backends of a station, batch after batch, without a rest.
public struct PortableFill: Sendable {
    /// How far it is.
    public struct Progress: Sendable {
        public var tracks: Int
        public var wanted: Int
        public var activity: String
        /// Until all is made, as fast as it went so far; nil before that is known.
        public var secondsLeft: Double?
    }

    private let config: StationConfig
    private let paths: StationPaths
    private let environment: [String: String]
    private let directory: PortableDirectory
    private let path: String
    private let seed: UInt64?
    private let clock: any StationClock = SystemClock()

    /// Trouble that comes so often in a row is not waited out any more.
    private static let failuresMax = 3
    private static let troubleSecondsMax = 60.0

    /// - Parameters:
    ///   - config: its `[generator]` says with which backends and how.
    ///   - paths: of the station, where backends are installed.
    ///   - path: of `directory`.
    ///   - seed: as `[generator] seed`; nil draws one and keeps it in `directory`, so that tracks made elsewhere are
    ///     others than the station's own.
    public init(
        config: StationConfig, paths: StationPaths, environment: [String: String], directory: PortableDirectory,
        path: String, seed: UInt64?
    ) {
        self.config = config
        self.paths = paths
        self.environment = environment
        self.directory = directory
        self.path = path
        self.seed = seed
    }

    /// Composes until `wanted` tracks are there.
    /// - Parameters:
    ///   - cancellation: ends it soon; finished tracks are kept.
    ///   - show: told often, from several threads.
    /// - Throws: `BackendError.cancelled`, `BackendError.nonePlays`, `BufferError.waitingForDiskSpace` and others.
    public func run(
        wanted: Int, cancellation: Cancellation, show: @escaping @Sendable (Progress) -> Void,
        complain: @escaping @Sendable (String) -> Void
    ) throws {
        let had = directory.trackCount
        if had >= wanted { return try directory.save() }
        let ffmpeg = try FFmpeg(searchPath: environment["PATH"] ?? "")
        let began = clock.monotonicSeconds
        let tell: @Sendable (String) -> Void = { [directory, clock] activity in
            let (now, there) = (clock.monotonicSeconds, directory.trackCount)
            let each = there > had ? (now - began) / Double(there - had) : nil
            show(
                Progress(
                    tracks: there, wanted: wanted, activity: activity,
                    secondsLeft: each.map { $0 * Double(max(0, wanted - there)) }))
        }
        let catalogue = BackendCatalogue(
            config: config, paths: paths, environment: environment, clock: clock,
            onLoading: { tell("loading \($0): \($1)") })
        let chain = try catalogue.chain()
        defer { chain.close() }
        let memory = Monitor(TrackMemory())
        let line = AdmissionLine(
            buffer: directory.buffer, admission: Admission(ffmpeg: ffmpeg, rules: AdmissionRules(config.generator)),
            chain: chain, memory: memory, cancellation: cancellation, say: { tell($0) },
            willCommit: { [directory] slot, frames, title, provenance in
                try directory.add(
                    PortableTrack(
                        slot, frames: frames, title: title, provenance: provenance,
                        nonCommercial: provenance.nonCommercial ?? false))
            })
        let run = BatchRun(
            buffer: directory.buffer, chain: chain, line: line, memory: memory, config: config,
            rendered: try RenderDirectory(under: path + "/rendering"),
            stationSeed: try StationSeed(configured: seed, directory: path), threads: { nil },
            awake: AwakeTime(clock: clock), cancellation: cancellation, say: { activity, _, _ in tell(activity) })
        try fill(run, chain, wanted: wanted, complain: complain)
        try directory.save()
    }

    private func fill(
        _ run: BatchRun, _ chain: BackendChain, wanted: Int, complain: @escaping @Sendable (String) -> Void
    ) throws {
        var failures = 0
        while directory.trackCount < wanted {
            if run.cancellation.isCancelled { throw BackendError.cancelled }
            do {
                let before = directory.trackCount
                _ = try run.perform(try plan(chain, run.cancellation, left: wanted - before, complain))
                try directory.dropMissing()
                failures = directory.trackCount > before ? 0 : failures + 1
            } catch BackendError.nonePlays(let reports, let seconds) {
                failures += 1
                let error = BackendError.nonePlays(reports: reports, retryInSeconds: seconds)
                if failures >= Self.failuresMax { throw error }
                complain("\(error)")
                wait(seconds: min(max(1, seconds), Self.troubleSecondsMax), run.cancellation)
            }
        }
    }

    /// The largest batch that the backend takes: nobody waits for a track here.
    private func plan(
        _ chain: BackendChain, _ cancellation: Cancellation, left: Int, _ complain: (String) -> Void
    ) throws -> BatchPlan {
        let backend = try chain.prepare(
            cancellation: cancellation,
            onFallback: { state in complain("backend \(state.name) rests: \(state.why ?? "it failed")") })
        let described = backend.describe()
        let batchMax = min(described.batchMax, config.generator.batchMax)
        return BatchPlan(
            batchMax: batchMax, continues: described.continues, trackSeconds: config.generator.trackSeconds,
            readySeconds: 1e9, roomSeconds: Double(left) * config.generator.trackSeconds,
            speed: BatchSpeed(tracks: batchMax, realTimeFactor: described.realTimeFactorExpected ?? 1))
    }

    private func wait(seconds: Double, _ cancellation: Cancellation) {
        let until = clock.monotonicSeconds + seconds
        while clock.monotonicSeconds < until, !cancellation.isCancelled { clock.sleep(seconds: 0.1) }
    }
}
