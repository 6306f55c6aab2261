/// A source of music. Every call blocks and is made on a thread of whoever asks; `render` is never called twice at a
/// time. `tune` alone may come from another thread, also while `render` is at work.
public protocol MusicBackend: Sendable {
    /// As in the configuration: `synth`, `audiocraft-small`, ...
    var name: String { get }

    /// What is known of it now, without waiting: more once `prepare` has succeeded.
    func describe() -> BackendDescription

    /// Loads what `render` needs; called before the first batch and again after a failure. Cheap when ready.
    /// - Throws: also `BackendError.cancelled`, soon after `cancellation` is set.
    func prepare(cancellation: Cancellation) throws

    /// Renders a batch: one new file a track in `directory`, which exists.
    ///
    /// `onTrack` is called on the calling thread for each request (its place in `requests`) once, as soon as its track
    /// is done or has failed. Returns when all were reported. What it throws is about the batch as a whole: tracks that
    /// were reported before stay good, the others are to be asked for again. Throws `BackendError.cancelled` soon after
    /// `cancellation` is set. Leaves no file behind that it did not report.
    /// - Parameter progress: 0...1 of the whole batch, growing.
    func render(
        _ requests: [TrackRequest], into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void, onTrack: (Int, Result<RenderedTrack, BackendError>) -> Void) throws

    /// Computes with so many threads from now on; nil leaves it to the backend.
    func tune(threads: Int?)

    /// Gives memory back while nothing is to be rendered for a while; `prepare` comes before the next batch.
    func release()

    /// Lets go of models and processes. `prepare` may follow.
    func close()
}

extension MusicBackend {
    public func tune(threads: Int?) {}
    public func release() {}

    /// One track by itself.
    public func generate(
        _ request: TrackRequest, into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void
    ) throws -> RenderedTrack {
        var reported: Result<RenderedTrack, BackendError>?
        try render([request], into: directory, cancellation: cancellation, progress: progress) { reported = $1 }
        guard let reported else { throw BackendError.unreported(backend: name, missing: 1) }
        return try reported.get()
    }
}
