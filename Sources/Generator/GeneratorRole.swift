internal import Backends
public import Buffer
public import Config
internal import Domain
internal import Foundation
public import IPC
internal import Platform

/// The generator: composes one track after another, checks each and puts it on the Buffer, and rests by the Buffer's
/// health.
public final class GeneratorRole: Sendable {
    private struct Work {
        var progress = 0
        var summary: GenerationSummary
    }

    /// What the loop remembers from one track to the next.
    private struct Memory {
        var recent = RecentFingerprints(capacity: GeneratorRole.fingerprintsKept)
        /// The slot whose tracks were refused, and how often in a row.
        var refused = (number: 0, times: 0)
        /// When trouble was last said; nil since the last track.
        var complainedAt: Double?
    }

    private let config: StationConfig
    private let paths: StationPaths
    private let link: WorkerLink
    private let environment: [String: String]
    private let clock: any StationClock = SystemClock()
    private let work: Monitor<Work>
    private let tuning = Monitor(WorkerTuning())

    private static let troubleWaitSeconds = 5.0
    /// Trouble that stays is said again after so long; the activity says it all the time.
    private static let complaintSeconds = 600.0
    /// How many of the last tracks a new one is compared with.
    private static let fingerprintsKept = 120

    public init(config: StationConfig, paths: StationPaths, link: WorkerLink, environment: [String: String]) {
        self.config = config
        self.paths = paths
        self.link = link
        self.environment = environment
        let backend = config.generator.backends.first ?? ""
        work = Monitor(Work(summary: GenerationSummary(backend: backend, activity: "starting")))
    }

    /// Composes until the link says stop.
    /// - Throws: what makes a start impossible.
    public func serve(rules: BufferRules) throws {
        let buffer = try BufferDirectory(root: paths.bufferDirectory, rules: rules, clock: clock)
        if let words = buffer.openingReport.words { Log.warning("buffer: \(words)") }
        let ffmpeg = try FFmpeg(searchPath: environment["PATH"] ?? "")
        for notice in ffmpeg.notices { Log.warning(notice) }
        let chain = try BackendCatalogue(config: config, paths: paths, environment: environment, clock: clock).chain()
        defer { chain.close() }
        let admission = Admission(ffmpeg: ffmpeg, rules: AdmissionRules(config.generator))
        let cancellation = Cancellation()
        link.serve(onTune: { [self] in tune($0) })
        link.ready()
        NamedThread.start("report") { [self] in
            while !link.stop.wait(seconds: 1) { report(buffer) }
            cancellation.cancel()
        }
        var memory = Memory()
        while !link.stop.isGiven {
            do {
                let summary = try buffer.summary()
                if summary.hours >= config.buffer.maxHours {
                    rest("the buffer is full (\(config.buffer.maxHours) h)", seconds: 5)
                    continue
                }
                try compose(
                    buffer: buffer, chain: chain, admission: admission, memory: &memory, cancellation: cancellation)
                rest(asTheHealthOf: buffer)
            } catch BackendError.cancelled {
                break
            } catch BackendError.nonePlays(let reports, let seconds) {
                complain("no backend can compose: \(reports)", &memory)
                // At least a moment, or a chain without a rest would spin.
                rest("no backend can compose", seconds: max(1, seconds))
            } catch {
                complain("\(error)", &memory)
                rest("trying again: \(error)", seconds: Self.troubleWaitSeconds)
            }
        }
    }

    /// Works by `order` from now on; a rest that is under way is measured anew, a track is not begun again.
    func tune(_ order: WorkerTuning) { tuning.withLock { $0 = order } }

    private func complain(_ words: String, _ memory: inout Memory) {
        let now = clock.monotonicSeconds
        if let before = memory.complainedAt, now - before < Self.complaintSeconds { return }
        memory.complainedAt = now
        Log.warning(words)
    }

    private func compose(
        buffer: BufferDirectory, chain: BackendChain, admission: Admission, memory: inout Memory,
        cancellation: Cancellation
    ) throws {
        let slot = try buffer.reserve()
        let prompt = config.prompts[slot.promptIndex % config.prompts.count]
        let seconds = config.generator.trackSeconds
        let seed = try StationSeed(configured: config.generator.seed, directory: paths.stateDirectory)
            .seed(
                number: slot.number, positionInPrompt: slot.positionInPrompt,
                refusals: memory.refused.number == slot.number ? memory.refused.times : 0)
        say("composing chunk \(slot.number), \(prompt.name)", fraction: 0)
        let began = clock.monotonicSeconds
        let request = TrackRequest(
            prompt: prompt, number: slot.number, positionInPrompt: slot.positionInPrompt, seconds: seconds, seed: seed,
            threadsMax: tuning.read { $0.threads })
        let directory = slot.stagedFile + ".d"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let rendered = try chain.generate(
            request, into: directory, cancellation: cancellation,
            progress: { [self] done in say("composing chunk \(slot.number), \(prompt.name)", fraction: done * 0.8) },
            onFallback: { state in Log.warning("backend \(state.name) rests: \(state.why ?? "it failed")") })
        say("checking chunk \(slot.number)", fraction: 0.8)
        do {
            let admitted = try admission.admit(
                rendered.file, seconds: seconds, recent: memory.recent, to: slot.stagedFile,
                cancellation: cancellation,
                progress: { [self] done in say("checking chunk \(slot.number)", fraction: 0.8 + done * 0.2) })
            chain.recordAdmission(of: rendered.provenance.backend, refusal: nil)
            let outcome = try buffer.commit(
                slot, frames: admitted.frames, title: rendered.title,
                provenance: admitted.complete(rendered.provenance))
            memory.recent.add(admitted.fingerprint, label: "chunk \(slot.number)")
            memory.complainedAt = nil
            note(made: seconds, tookSeconds: clock.monotonicSeconds - began, backend: rendered.provenance.backend)
            if case .ready = outcome { return }
            Log.info("chunk \(slot.number) came after its turn and is not on the buffer")
        } catch BackendError.refused(let refusal) {
            chain.recordAdmission(of: rendered.provenance.backend, refusal: refusal)
            Log.warning("chunk \(slot.number) from \(rendered.provenance.backend) is refused: \(refusal)")
            try buffer.refuse(rendered.file, reason: "\(refusal)")
            work.withLock { $0.summary.tracksRefused += 1 }
            let isSame = memory.refused.number == slot.number
            memory.refused = (slot.number, isSame ? memory.refused.times + 1 : 1)
            try buffer.abandon(slot)
        }
    }

    private func note(made seconds: Double, tookSeconds: Double, backend: String) {
        work.withLock { work in
            work.progress += 1
            work.summary.tracksMade += 1
            work.summary.backend = backend
            work.summary.progress = nil
            let factor = seconds / max(tookSeconds, 0.001)
            // A moving figure over about the last ten tracks.
            work.summary.realTimeFactor = work.summary.realTimeFactor.map { $0 * 0.9 + factor * 0.1 } ?? factor
        }
    }

    private func say(_ activity: String, fraction: Double?) {
        work.withLock { work in
            work.progress += 1
            work.summary.activity = activity
            work.summary.progress = fraction
        }
    }

    /// Waits, and shows that it is alive meanwhile.
    private func rest(_ activity: String, seconds: Double) {
        let until = clock.monotonicSeconds + seconds
        while clock.monotonicSeconds < until, !link.stop.isGiven {
            let left = Int((until - clock.monotonicSeconds).rounded(.up))
            say(left > 5 ? "\(activity); \(left) s left" : activity, fraction: nil)
            link.stop.wait(seconds: min(1, max(0.01, until - clock.monotonicSeconds)))
        }
    }

    /// Rests as long as the Buffer's health allows and the supervisor wants, asking again every second: a rest that
    /// began with plenty must not outlast it.
    private func rest(asTheHealthOf buffer: BufferDirectory) {
        let began = clock.monotonicSeconds
        while !link.stop.isGiven, let health = try? buffer.summary().health {
            let whole = TrackRest(health: health, bands: config.buffer.bands, tuning: tuning.read { $0 })
            let left = began + whole.seconds - clock.monotonicSeconds
            if left <= 0 { return }
            say("\(whole.words); \(Int(left.rounded(.up))) s left", fraction: nil)
            link.stop.wait(seconds: min(1, left))
        }
    }

    private func report(_ buffer: BufferDirectory) {
        let (progress, summary) = work.read { ($0.progress, $0.summary) }
        var report = WorkerReport(progress: progress, activity: summary.activity, generation: summary)
        report.buffer = try? buffer.summary()
        report.buffer?.targetHours = config.buffer.targetHours
        link.report(report)
    }
}
