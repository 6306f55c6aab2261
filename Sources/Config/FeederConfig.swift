/// `[feeder]`: how one track follows another.
public struct FeederConfig: Sendable, Hashable {
    /// Overlap of two tracks of one prompt; 0 joins them without.
    public var crossfadeSeconds = 2.0
    /// Silence between the last track of a prompt and the first of the next.
    public var silenceBetweenPromptsSeconds = 3.0

    public init() {}
}
