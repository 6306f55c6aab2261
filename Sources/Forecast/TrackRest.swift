internal import Domain

/// How long a generator waits after a track or a batch, and why.
public struct TrackRest: Sendable, Equatable {
    public let seconds: Double
    /// What it says meanwhile.
    public let words: String

    /// The policy's rest for the Buffer, and on top of it the one that the supervisor wants for the load.
    /// - Parameter backend: the one that was asked last.
    public init(_ policy: GenerationPolicy, in situation: Situation, after backend: String?) {
        let own = policy.restSeconds(in: situation, after: backend)
        let extra = situation.extraRestSeconds
        seconds = own + extra
        let whole = policy.bands.restSeconds(in: situation.health)
        var words = "resting, the buffer is \(situation.health.rawValue)"
        if whole > 0, own < whole * 0.95 { words += " and would sink" }
        if extra > 0 { words += " and the processors are short" }
        self.words = words
    }
}
