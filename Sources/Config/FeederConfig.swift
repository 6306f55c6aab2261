/// `[feeder]`: how one track follows another.
public struct FeederConfig: Sendable, Hashable {
    /// Overlap of two tracks of one prompt; 0 joins them without.
    public var crossfadeSeconds = 2.0
    /// Silence between the last track of a prompt and the first of the next.
    public var silenceBetweenPromptsSeconds = 3.0

    public init() {}
}

extension FeederConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .number(
                "crossfade_seconds", \.crossfadeSeconds, 0...30, "seconds",
                why: "Overlap of two tracks of one prompt. A track has both ends joined, so at most half a track."),
            .number(
                "silence_between_prompts_seconds", \.silenceBetweenPromptsSeconds, 0...60, "seconds",
                why: "Silence between two prompts, where no crossfade would fit the music."),
        ]
    }
}
