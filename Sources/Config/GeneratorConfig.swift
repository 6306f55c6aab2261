/// `[generator]`: what composes, how much of it at once, and how a track has to sound.
public struct GeneratorConfig: Sendable, Hashable {
    /// Backends to ask, first choice first; each one is in `knownBackends`.
    public var backends = ["synth"]
    /// Generator processes; 0 makes none.
    public var count = 1
    /// Length of one track.
    public var trackSeconds = 60.0
    /// Time one prompt stays on air; a whole multiple of `trackSeconds`.
    public var promptSeconds = 3600.0
    /// Integrated loudness every track is brought to, in LUFS (EBU R 128).
    public var loudnessLufs = -16.0
    /// True peak no track exceeds, in dBTP.
    public var truePeakDbtp = -1.5
    /// Added to the generator's niceness.
    public var nice = 10
    /// Makes the music repeatable; nil draws a new one at each start.
    public var seed: UInt64?

    public init() {}

    /// The names a chain may hold.
    public static let knownBackends = ["synth"]

    /// Tracks of one prompt before the next begins.
    public var tracksPerPrompt: Int { max(1, Int((promptSeconds / trackSeconds).rounded())) }
}
