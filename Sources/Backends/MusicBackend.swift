public import Domain

/// What a backend is asked for.
public struct TrackRequest: Sendable, Hashable {
    public var prompt: Prompt
    /// The number the track will have on the Buffer; backends use it for names of files only.
    public var number: Int
    /// Place of the track among those of this turn of the prompt, from 0: 0, 1, 2, ... up to chunks-per-prompt.
    public var positionInPrompt: Int
    /// Length wanted. Admission makes it exact, so a backend may miss by a little.
    public var seconds: Double
    public var seed: UInt64
    /// With how many threads a backend may compute at the same time; nil leaves it to the backend. What it makes does
    /// not depend on it.
    public var threadsMax: Int?

    public init(
        prompt: Prompt, number: Int, positionInPrompt: Int, seconds: Double, seed: UInt64, threadsMax: Int? = nil
    ) {
        self.prompt = prompt
        self.number = number
        self.positionInPrompt = positionInPrompt
        self.seconds = seconds
        self.seed = seed
        self.threadsMax = threadsMax
    }
}

/// What a backend gives back: a file that Admission has not seen yet.
public struct RenderedTrack: Sendable, Hashable {
    /// Any audio file that ffmpeg reads. It belongs to whoever asked for it.
    public var file: String
    /// As a listener sees it.
    public var title: String
    /// Without what Admission measures.
    public var provenance: Provenance

    public init(file: String, title: String, provenance: Provenance) {
        self.file = file
        self.title = title
        self.provenance = provenance
    }
}

/// What a backend says of itself.
public struct BackendDescription: Sendable, Hashable, Codable {
    /// The model or engine, with its version.
    public var model: String
    /// Licence of weights or samples; nil where the music carries no strings.
    public var licence: String?
    /// Seconds of music for each wall-clock second, roughly, on a small machine; nil where nobody can tell.
    public var realTimeFactorExpected: Double?

    public init(model: String, licence: String? = nil, realTimeFactorExpected: Double? = nil) {
        self.model = model
        self.licence = licence
        self.realTimeFactorExpected = realTimeFactorExpected
    }
}

/// A source of music. Every call blocks and is made on a thread of the generator; `generate` is never called twice at
/// a time.
public protocol MusicBackend: Sendable {
    /// As in the configuration: `synth`, `audiocraft-small`, ...
    var name: String { get }

    func describe() -> BackendDescription

    /// Loads what `generate` needs; called before the first track and again after a failure. Cheap when ready.
    func prepare() throws

    /// Renders one track into a new file in `directory`, which exists.
    ///
    /// Leaves no file behind when it throws, and throws `BackendError.cancelled` soon after `cancellation` is set.
    /// - Parameter progress: 0...1, growing.
    func generate(
        _ request: TrackRequest, into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void
    ) throws -> RenderedTrack

    /// Lets go of models and processes. `prepare` may follow.
    func close()
}
