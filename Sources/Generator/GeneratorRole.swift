internal import Backends
public import Buffer
public import Config
internal import Domain
internal import Forecast
public import IPC
internal import Platform

/// The generator: composes one batch of tracks after another, checks each and puts it on the Buffer, and rests by the
/// Buffer's health.
public final class GeneratorRole: Sendable {
    private struct Work {
        var progress = 0
        var summary: GenerationSummary
        /// The backend that was asked last.
        var backend: String
    }

    private let config: StationConfig
    private let paths: StationPaths
    private let link: WorkerLink
    private let environment: [String: String]
    private let clock: any StationClock = SystemClock()
    private let awake: AwakeTime
    private let work: Monitor<Work>
    private let tuning = Monitor(WorkerTuning())
    private let memory = Monitor(TrackMemory())
    /// Told of threads as they change; nil before it is there and after its end.
    private let chain = Monitor<BackendChain?>(nil)
    private let guidance = Monitor<Guidance?>(nil)

    private static let troubleWaitSeconds = 5.0
    /// Trouble that stays is said again after so long; the activity says it all the time.
    private static let complaintSeconds = 600.0
    /// After the word to stop, tracks that are finished may still be checked for so long.
    private static let lastChecksSeconds = 6.0

    public init(config: StationConfig, paths: StationPaths, link: WorkerLink, environment: [String: String]) {
        self.config = config
        self.paths = paths
        self.link = link
        self.environment = environment
        awake = AwakeTime(clock: clock)
        let backend = config.generator.backends.first ?? ""
        work = Monitor(Work(summary: GenerationSummary(backend: backend, activity: "starting"), backend: backend))
    }

    /// Composes until the link says stop.
    /// - Throws: what makes a start impossible.
    public func serve(rules: BufferRules) throws {
        let buffer = try BufferDirectory(root: paths.bufferDirectory, rules: rules, clock: clock)
        if let words = buffer.openingReport.words { Log.warning("buffer: \(words)") }
        let ffmpeg = try FFmpeg(searchPath: environment["PATH"] ?? "")
        for notice in ffmpeg.notices { Log.warning(notice) }
        let catalogue = BackendCatalogue(
            config: config, paths: paths, environment: environment, clock: clock,
            onLoading: { [self] in say("loading \($0): \($1)", fraction: nil, batch: nil) })
        let chain = try catalogue.chain()
        self.chain.withLock { $0 = chain }
        defer {
            self.chain.withLock { $0 = nil }
            chain.close()
        }
        let (rendering, checking) = (Cancellation(), Cancellation())
        link.serve(onTune: { [self] in tune($0) })
        link.ready()
        NamedThread.start("report") { [self] in
            while !link.stop.wait(seconds: 1) { report(buffer) }
            rendering.cancel()
            clock.sleep(seconds: Self.lastChecksSeconds)
            checking.cancel()
        }
        let line = AdmissionLine(
            buffer: buffer, admission: Admission(ffmpeg: ffmpeg, rules: AdmissionRules(config.generator)), chain: chain,
            memory: memory, cancellation: checking, say: { [self] _ in work.withLock { $0.progress += 1 } })
        let run = BatchRun(
            buffer: buffer, chain: chain, line: line, memory: memory, config: config,
            rendered: try RenderDirectory(under: paths.stateDirectory + "/rendering"),
            stationSeed: try StationSeed(configured: config.generator.seed, directory: paths.stateDirectory),
            threads: { [self] in tuning.read { $0.threads } }, awake: awake, cancellation: rendering,
            say: { [self] in say($0, fraction: $1, batch: $2) })
        let guidance = Guidance(
            policy: GenerationPolicy(config), chain: chain, batchMax: config.generator.batchMax,
            speeds: SpeedFile(directory: paths.stateDirectory, clock: clock))
        self.guidance.withLock { $0 = guidance }
        compose(run, chain, guidance)
    }

    /// What the loop remembers from one batch to the next.
    private struct Course {
        /// When trouble was last said; nil since the last track.
        var complainedAt: Double?
        /// What was measured of each backend.
        var speeds: [String: BatchSpeed] = [:]
        /// Since when nothing has been asked of the backends.
        var idleSince: Double
        var hasReleased = false
    }

    private func compose(_ run: BatchRun, _ chain: BackendChain, _ guidance: Guidance) {
        var course = Course(idleSince: clock.monotonicSeconds)
        while !link.stop.isGiven {
            do {
                let summary = try run.buffer.summary()
                if summary.hours >= config.buffer.maxHours {
                    rest("the buffer is full (\(config.buffer.maxHours) h)", seconds: 5, chain, &course)
                    continue
                }
                guidance.choose(summary, extraRestSeconds: tuning.read { $0.extraRestSeconds })
                let outcome = try run.perform(try plan(summary, chain, run.cancellation, &course))
                note(outcome, chain, &course)
                guidance.measured(outcome, trackSeconds: config.generator.trackSeconds)
                rest(by: guidance, for: run.buffer, chain, &course)
            } catch BackendError.cancelled {
                break
            } catch BackendError.nonePlays(let reports, let seconds) {
                complain("no backend can compose: \(reports)", &course)
                // At least a moment, or a chain without a rest would spin.
                rest("no backend can compose", seconds: max(1, seconds), chain, &course)
            } catch {
                complain("\(error)", &course)
                rest("trying again: \(error)", seconds: Self.troubleWaitSeconds, chain, &course)
            }
        }
    }

    /// Works by `order` from now on; a rest that is under way is measured anew, a batch is not begun again.
    func tune(_ order: WorkerTuning) {
        tuning.withLock { $0 = order }
        chain.read { $0 }?.tune(threads: order.threads)
    }

    private func complain(_ words: String, _ course: inout Course) {
        let now = clock.monotonicSeconds
        if let before = course.complainedAt, now - before < Self.complaintSeconds { return }
        course.complainedAt = now
        Log.warning(words)
    }

    /// What to compose next, with the backend that is ready to do it.
    private func plan(
        _ summary: BufferSummary, _ chain: BackendChain, _ cancellation: Cancellation, _ course: inout Course
    ) throws -> BatchPlan {
        say("making \(chain.current?.name ?? "a backend") ready", fraction: nil, batch: nil)
        let backend = try chain.prepare(
            cancellation: cancellation,
            onFallback: { state in Log.warning("backend \(state.name) rests: \(state.why ?? "it failed")") })
        course.hasReleased = false
        let described = backend.describe()
        work.withLock { work in
            work.backend = backend.name
            work.summary.backend = backend.name
            work.summary.licence = described.licence
            work.summary.nonCommercial = described.nonCommercial ? true : nil
        }
        let batchMax = min(described.batchMax, config.generator.batchMax)
        let expected = described.realTimeFactorExpected.map { BatchSpeed(tracks: batchMax, realTimeFactor: $0) }
        return BatchPlan(
            batchMax: batchMax, continues: described.continues, trackSeconds: config.generator.trackSeconds,
            readySeconds: summary.hours * 3600, roomSeconds: (config.buffer.maxHours - summary.hours) * 3600,
            speed: course.speeds[backend.name] ?? expected)
    }

    private func note(_ outcome: BatchRun.Outcome, _ chain: BackendChain, _ course: inout Course) {
        course.idleSince = clock.monotonicSeconds
        if outcome.tracks > 0 { course.complainedAt = nil }
        if let backend = outcome.backend, let speed = outcome.speed { course.speeds[backend] = speed }
        work.withLock { work in
            work.progress += 1
            work.summary.backend = outcome.backend ?? work.summary.backend
            work.summary.progress = nil
            work.summary.batch = nil
            guard let factor = outcome.realTimeFactor else { return }
            // A moving figure over about the last ten batches.
            work.summary.realTimeFactor = work.summary.realTimeFactor.map { $0 * 0.9 + factor * 0.1 } ?? factor
        }
    }

    private func say(_ activity: String, fraction: Double?, batch: Int?) {
        work.withLock { work in
            work.progress += 1
            work.summary.activity = activity
            work.summary.progress = fraction
            work.summary.batch = batch
        }
    }

    /// Waits, and shows that it is alive meanwhile.
    private func rest(_ activity: String, seconds: Double, _ chain: BackendChain, _ course: inout Course) {
        let until = clock.monotonicSeconds + seconds
        while clock.monotonicSeconds < until, !link.stop.isGiven {
            let left = Int((until - clock.monotonicSeconds).rounded(.up))
            say(left > 5 ? "\(activity); \(left) s left" : activity, fraction: nil, batch: nil)
            releaseIfIdle(chain, &course)
            link.stop.wait(seconds: min(1, max(0.01, until - clock.monotonicSeconds)))
        }
    }

    /// Rests as long as the policy allows and the supervisor wants, asking again every second: a rest that began with
    /// plenty must not outlast it.
    private func rest(
        by guidance: Guidance, for buffer: BufferDirectory, _ chain: BackendChain, _ course: inout Course
    ) {
        let began = clock.monotonicSeconds
        while !link.stop.isGiven, let summary = try? buffer.summary() {
            let whole = guidance.rest(summary, extraRestSeconds: tuning.read { $0.extraRestSeconds })
            let left = began + whole.seconds - clock.monotonicSeconds
            if left <= 0 { return }
            say("\(whole.words); \(Int(left.rounded(.up))) s left", fraction: nil, batch: nil)
            releaseIfIdle(chain, &course)
            link.stop.wait(seconds: min(1, left))
        }
    }

    private func releaseIfIdle(_ chain: BackendChain, _ course: inout Course) {
        guard !course.hasReleased,
            clock.monotonicSeconds - course.idleSince >= config.generator.unloadAfterSeconds
        else { return }
        chain.release()
        course.hasReleased = true
    }

    private func report(_ buffer: BufferDirectory) {
        awake.tick()
        let (progress, backend) = work.read { ($0.progress, $0.backend) }
        var summary = work.read { $0.summary }
        let counts = memory.read { ($0.made, $0.refused) }
        (summary.tracksMade, summary.tracksRefused) = counts
        summary.paces = guidance.read { $0 }?.paces
        summary.memoryBytes = chain.read { $0 }?.description(of: backend)?.memoryBytes
        var report = WorkerReport(progress: progress, activity: summary.activity, generation: summary)
        report.buffer = try? buffer.summary()
        report.buffer?.targetHours = config.buffer.targetHours
        link.report(report)
    }
}
