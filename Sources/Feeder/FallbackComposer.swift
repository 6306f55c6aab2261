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
    private let cancellation: Cancellation
    private let progress: @Sendable () -> Void
    private var made: [String] = []
    private var position = 0

    /// Short enough to be ready long before the cushion is used up.
    private static let seconds = 30.0
    /// The one that airs, the one before it for the crossfade, and what waits in the cushion.
    private static let kept = 4

    /// - Parameters:
    ///   - directory: made if need be; what an earlier feeder left there is kept until it is replaced.
    ///   - cancellation: ends a composition that is under way, which throws then.
    ///   - progress: called while one is under way.
    init(
        directory: String, rules: AdmissionRules, searchPath: String, cancellation: Cancellation,
        progress: @escaping @Sendable () -> Void
    ) throws {
        self.directory = directory
        self.cancellation = cancellation
        self.progress = progress
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
        let rendered = try backend.generate(request, into: directory, cancellation: cancellation) { [progress] _ in
            progress()
        }
        defer { try? FileManager.default.removeItem(atPath: rendered.file) }
        let file = nextFile()
        let admitted = try admission.admit(
            rendered.file, seconds: Self.seconds, recent: RecentFingerprints(capacity: 0), to: file,
            cancellation: cancellation, progress: { [progress] _ in progress() })
        made.append(file)
        while made.count > Self.kept { try? FileManager.default.removeItem(atPath: made.removeFirst()) }
        return (file, admitted.frames, rendered.title)
    }

    /// Numbers that grow, so that a new feeder knows which files are old, whatever the wall clock did.
    private func nextFile() -> String {
        let last = made.compactMap { Int($0.split(separator: "-").last?.prefix { $0 != "." } ?? "") }.max() ?? 0
        return directory + "/live-" + String(format: "%012d", last + 1) + ".wav"
    }
}
