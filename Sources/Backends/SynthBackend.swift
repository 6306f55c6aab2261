internal import Domain
public import Platform
internal import Synth

/// The embedded synth as a backend: always there, deterministic from the seed, no licence strings.
public final class SynthBackend: MusicBackend {
    public let name = "synth"
    private let clock: any StationClock

    /// - Parameter clock: for how long a rendering took.
    public init(clock: any StationClock) { self.clock = clock }

    public func describe() -> BackendDescription {
        BackendDescription(
            model: "lofisup synth \(SynthEngine.version)", licence: nil, realTimeFactorExpected: 15)
    }

    public func prepare(cancellation: Cancellation) {}

    public func render(
        _ requests: [TrackRequest], into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void, onTrack: (Int, Result<RenderedTrack, BackendError>) -> Void
    ) throws {
        let share = 1 / Double(max(1, requests.count))
        for (place, request) in requests.enumerated() {
            let track = try render(request, into: directory, cancellation: cancellation) {
                progress((Double(place) + $0) * share)
            }
            onTrack(place, .success(track))
        }
    }

    private func render(
        _ request: TrackRequest, into directory: String, cancellation: Cancellation,
        progress: (Double) -> Void
    ) throws(BackendError) -> RenderedTrack {
        let started = clock.monotonicSeconds
        let composition = SynthRequest(
            promptIndex: request.prompt.index, promptText: request.prompt.text, seed: request.seed,
            chunkIndex: request.positionInPrompt, frames: StationAudio.frames(inSeconds: request.seconds))
        let rendered = SynthEngine.render(composition, isCancelled: { cancellation.isCancelled }, progress: progress)
        guard let rendered else { throw .cancelled }
        let file = "\(directory)/\(name)_\(request.number).wav"
        try FloatWav.write(rendered, to: file)
        return RenderedTrack(
            file: file, title: "\(request.prompt.name) · \(request.positionInPrompt + 1)",
            provenance: Provenance(
                backend: name, model: "lofisup synth \(SynthEngine.version)", licence: nil, nonCommercial: false,
                seed: request.seed, renderSeconds: clock.monotonicSeconds - started))
    }

    public func close() {}
}
