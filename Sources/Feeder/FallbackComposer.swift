internal import Backends
internal import Buffer
internal import Config
internal import Domain
internal import Foundation
internal import Platform

/// Composes a short track at once, with the embedded synth, when there is nothing else to play. It needs no model,
/// no network and no generator.
final class FallbackComposer {
    private let directory: String
    private let backend: SynthBackend
    private let admission: Admission
    private let stop: StopSignal
    private var made: [String] = []
    private var position = 0

    /// Short enough to be ready long before the cushion is used up.
    private static let seconds = 30.0
    /// The one that airs, the one before it for the crossfade, and what waits in the cushion.
    private static let kept = 4

    /// - Parameter directory: made if need be; what an earlier feeder left there is kept until it is replaced.
    init(directory: String, rules: AdmissionRules, searchPath: String, stop: StopSignal) throws {
        self.directory = directory
        self.stop = stop
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        backend = SynthBackend(clock: SystemClock())
        admission = Admission(ffmpeg: try FFmpeg(searchPath: searchPath), rules: rules)
        made = try FileManager.default.contentsOfDirectory(atPath: directory).sorted().map { directory + "/" + $0 }
    }

    /// A new track from `prompt`, in canonical form.
    func compose(_ prompt: Prompt) throws -> (file: String, frames: Int, title: String) {
        let seed = UInt64.random(in: 1...UInt64.max)
        let request = TrackRequest(
            prompt: prompt, number: 0, positionInPrompt: position, seconds: Self.seconds, seed: seed)
        position += 1
        let cancellation = Cancellation()
        let rendered = try backend.generate(request, into: directory, cancellation: cancellation) { _ in }
        defer { try? FileManager.default.removeItem(atPath: rendered.file) }
        // The name sorts by age, so that a new feeder knows which are old.
        let stamp = String(UInt64(SystemClock().wallSeconds * 1000))
        let file = directory + "/live-\(stamp)-\(seed % 10_000).wav"
        let admitted = try admission.admit(
            rendered.file, seconds: Self.seconds, recent: RecentFingerprints(capacity: 0), to: file,
            cancellation: cancellation)
        made.append(file)
        while made.count > Self.kept { try? FileManager.default.removeItem(atPath: made.removeFirst()) }
        return (file, admitted.frames, rendered.title)
    }
}
