public import Domain

/// What a backend is asked for.
public struct TrackRequest: Sendable, Hashable {
    public var prompt: Prompt
    /// The number the track will have on the Buffer; backends use it for names of files only.
    public var number: Int
    /// Place of the track among those of this turn of the prompt, from 0: 0, 1, 2, ... up to chunks-per-prompt.
    public var positionInPrompt: Int
    /// The number of the first track of this turn of the prompt: tracks with one turn are played one after the other.
    public var turn: Int
    /// Positions of the same turn that the track may go on from, the dearest first; what is rendered earlier in the same
    /// batch counts. Empty: it starts fresh.
    public var continues: [Int]
    /// Length wanted. Admission makes it exact, so a backend may miss by a little.
    public var seconds: Double
    /// All tracks of one turn share it.
    public var seed: UInt64
    /// With how many threads a backend may compute at the same time; nil leaves it to the backend. What it makes does
    /// not depend on it.
    public var threadsMax: Int?

    /// - Parameter turn: nil: as the number and the position say.
    public init(
        prompt: Prompt, number: Int, positionInPrompt: Int, turn: Int? = nil, continues: [Int] = [], seconds: Double,
        seed: UInt64, threadsMax: Int? = nil
    ) {
        self.prompt = prompt
        self.number = number
        self.positionInPrompt = positionInPrompt
        self.turn = turn ?? number - positionInPrompt
        self.continues = continues
        self.seconds = seconds
        self.seed = seed
        self.threadsMax = threadsMax
    }

    /// A seed of this track's own, for a backend that composes each track by itself: two that begin fresh with one seed
    /// would be one track. The first of a turn has the turn's.
    public var trackSeed: UInt64 {
        if positionInPrompt == 0 { return seed }
        // One step of SplitMix64 (Steele, Lea, Flood 2014).
        var mixed = seed &+ UInt64(truncatingIfNeeded: positionInPrompt) &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
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
    /// The position of the same turn that it went on from; nil: it began fresh.
    public var continued: Int?

    public init(file: String, title: String, provenance: Provenance, continued: Int? = nil) {
        self.file = file
        self.title = title
        self.provenance = provenance
        self.continued = continued
    }
}

/// What a backend says of itself.
public struct BackendDescription: Sendable, Hashable, Codable {
    /// The model or engine, with its version.
    public var model: String
    /// Licence of weights or samples; nil where the music carries no strings.
    public var licence: String?
    /// That licence forbids a monetised channel.
    public var nonCommercial: Bool
    /// Tracks it renders at once with profit.
    public var batchMax: Int
    /// It can go on from the end of an earlier track of the same turn.
    public var continues: Bool
    /// Seconds of music for each wall-clock second, roughly, on a small machine; nil where nobody can tell.
    public var realTimeFactorExpected: Double?
    /// What it says it keeps in memory; nil where it does not say, or keeps nothing.
    public var memoryBytes: Int?

    public init(
        model: String, licence: String? = nil, nonCommercial: Bool = false, batchMax: Int = 1, continues: Bool = false,
        realTimeFactorExpected: Double? = nil, memoryBytes: Int? = nil
    ) {
        self.model = model
        self.licence = licence
        self.nonCommercial = nonCommercial
        self.batchMax = batchMax
        self.continues = continues
        self.realTimeFactorExpected = realTimeFactorExpected
        self.memoryBytes = memoryBytes
    }
}
