/// What a track must be to enter the Buffer, and what is made of it.
public struct AdmissionRules: Sendable, Hashable {
    /// Integrated loudness every track is brought to (EBU R 128).
    public var loudnessLufs = -16.0
    /// How far a track's measured loudness may be from that in the end, in LU.
    public var loudnessToleranceLu = 1.0
    public var truePeakCeilingDbtp = -1.5
    /// A track that needs more gain than this is noise brought up, not music.
    public var gainDbMax = 40.0
    /// The length may miss by the larger of these two.
    public var lengthTolerance = 0.02
    public var lengthToleranceSeconds = 0.5
    /// After normalisation, everything below this is silence ...
    public var silenceDb = -60.0
    /// ... and no stretch of it may be longer than this.
    public var silenceSecondsMax = 4.0
    /// Samples that lie flat at the peak, in per cent of all.
    public var clippedPercentMax = 0.1
    /// Mean over the track, in per cent of its peak.
    public var offsetPercentMax = 3.0
    /// A stereo track whose one side is this much weaker than the other is broken.
    public var deadChannelDb = 40.0
    public var sampleRateMinHertz = 16_000
    public var channelsMax = 8
    /// Two tracks whose fingerprints differ in less than this share of their bits are one track. Unrelated ones
    /// differ in about half.
    public var duplicateBitErrorRate = 0.12

    public init() {}

    /// True when `seconds` will do for `expected`.
    func allowsLength(_ seconds: Double, expected: Double) -> Bool {
        // A microsecond for the arithmetic.
        (seconds - expected).magnitude <= lengthSlackSeconds(expected: expected) + 1e-6
    }

    func lengthSlackSeconds(expected: Double) -> Double { max(expected * lengthTolerance, lengthToleranceSeconds) }
}
