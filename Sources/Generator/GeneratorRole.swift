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

    private let config: StationConfig
    private let paths: StationPaths
    private let link: WorkerLink
    private let environment: [String: String]
    private let clock: any StationClock = SystemClock()
    private let work: Monitor<Work>

    private static let diskWaitSeconds = 5.0
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
        let chain = try BackendChain(
            names: config.generator.backends, catalogue: [SynthBackend(clock: clock)], clock: clock)
        defer { chain.close() }
        let admission = Admission(ffmpeg: ffmpeg, rules: AdmissionRules(config.generator))
        let cancellation = Cancellation()
        link.ready()
        NamedThread.start("report") { [self] in
            while !link.stop.wait(seconds: 1) { report(buffer) }
            cancellation.cancel()
        }
        var recent = RecentFingerprints(capacity: Self.fingerprintsKept)
        while !link.stop.isGiven {
            do {
                let summary = try buffer.summary()
                if summary.hours >= config.buffer.maxHours {
                    rest("the buffer is full (\(config.buffer.maxHours) h)", seconds: 5)
                    continue
                }
                try compose(
                    buffer: buffer, chain: chain, admission: admission, recent: &recent, cancellation: cancellation)
                let health = try buffer.summary().health
                rest("resting, the buffer is \(health.rawValue)", seconds: config.buffer.bands.restSeconds(in: health))
            } catch BackendError.cancelled {
                break
            } catch BackendError.nonePlays(let reports, let seconds) {
                Log.warning("no backend can compose: \(reports)")
                rest("no backend can compose", seconds: seconds)
            } catch let error as BufferError {
                Log.warning("\(error)")
                rest("\(error)", seconds: Self.diskWaitSeconds)
            } catch {
                Log.warning("\(error)")
                rest("trying again: \(error)", seconds: Self.diskWaitSeconds)
            }
        }
    }

    private func compose(
        buffer: BufferDirectory, chain: BackendChain, admission: Admission, recent: inout RecentFingerprints,
        cancellation: Cancellation
    ) throws {
        let slot = try buffer.reserve()
        let prompt = config.prompts[slot.promptIndex % config.prompts.count]
        let seconds = config.generator.trackSeconds
        let seed = try StationSeed(configured: config.generator.seed, directory: paths.stateDirectory)
            .seed(number: slot.number, positionInPrompt: slot.positionInPrompt)
        say("composing chunk \(slot.number), \(prompt.name)", fraction: 0)
        let began = clock.monotonicSeconds
        let request = TrackRequest(
            prompt: prompt, number: slot.number, positionInPrompt: slot.positionInPrompt, seconds: seconds, seed: seed)
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
                rendered.file, seconds: seconds, recent: recent, to: slot.stagedFile, cancellation: cancellation)
            chain.recordAdmission(of: rendered.provenance.backend, refusal: nil)
            let outcome = try buffer.commit(
                slot, frames: admitted.frames, title: rendered.title,
                provenance: admitted.complete(rendered.provenance))
            recent.add(admitted.fingerprint, label: "chunk \(slot.number)")
            note(made: seconds, tookSeconds: clock.monotonicSeconds - began, backend: rendered.provenance.backend)
            if case .ready = outcome { return }
            Log.info("chunk \(slot.number) came after its turn and is not on the buffer")
        } catch BackendError.refused(let refusal) {
            chain.recordAdmission(of: rendered.provenance.backend, refusal: refusal)
            Log.warning("chunk \(slot.number) from \(rendered.provenance.backend) is refused: \(refusal)")
            try buffer.refuse(rendered.file, reason: "\(refusal)")
            work.withLock { $0.summary.tracksRefused += 1 }
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

    private func report(_ buffer: BufferDirectory) {
        let (progress, summary) = work.read { ($0.progress, $0.summary) }
        var report = WorkerReport(progress: progress, activity: summary.activity, generation: summary)
        report.buffer = try? buffer.summary()
        report.buffer?.targetHours = config.buffer.targetHours
        link.report(report)
    }
}
