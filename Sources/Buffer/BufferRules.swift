public import Domain
public import Platform

/// How a Buffer behaves; all of it comes from configuration.
public struct BufferRules: Sendable, Hashable {
    /// Length of one track, in seconds, as generators are asked for it.
    public var trackSeconds: Int
    /// Music from one prompt before the next prompt's turn, in seconds.
    public var promptSeconds: Int
    /// Prompts in the rotation.
    public var promptCount: Int
    /// Consumed files that stay on the Buffer.
    public var keepConsumed: Int
    public var health: HealthBands
    /// No track is begun that would leave less than this free on the file system.
    public var diskReserveBytes: Int
    /// Size of the evergreen library; 0: nothing is kept after its time on the Buffer.
    public var evergreenBytesMax: Int
    /// Music that airs between two plays of one evergreen track, in seconds of music aired.
    public var evergreenRepeatAfterSeconds: Double
    /// Refused files kept for a person to look at; the oldest go first.
    public var refusedKept: Int
    /// How long a change waits for another process's change before it throws `BufferError.busy`.
    public var lockWaitSeconds: Double

    public init(
        trackSeconds: Int = 60, promptSeconds: Int = 3600, promptCount: Int = 10, keepConsumed: Int = 10,
        health: HealthBands = HealthBands(), diskReserveBytes: Int = 1 << 30, evergreenBytesMax: Int = 4 << 30,
        evergreenRepeatAfterSeconds: Double = 3 * 3600, refusedKept: Int = 20, lockWaitSeconds: Double = 10
    ) {
        self.trackSeconds = trackSeconds
        self.promptSeconds = promptSeconds
        self.promptCount = promptCount
        self.keepConsumed = keepConsumed
        self.health = health
        self.diskReserveBytes = diskReserveBytes
        self.evergreenBytesMax = evergreenBytesMax
        self.evergreenRepeatAfterSeconds = evergreenRepeatAfterSeconds
        self.refusedKept = refusedKept
        self.lockWaitSeconds = lockWaitSeconds
    }

    /// Tracks of one prompt in a row: `CHUNKS_PER_PROMPT`.
    public var chunksPerPrompt: Int { trackSeconds > 0 ? promptSeconds / trackSeconds : 0 }

    /// Bytes one track of `trackSeconds` takes.
    public var trackBytes: Int {
        StationAudio.frames(inSeconds: Double(trackSeconds)) * StationAudio.bytesPerFrame + 44
    }

    /// - Throws: `BufferError.rules`, naming the first rule that makes no sense.
    func validate() throws(BufferError) {
        func require(_ sound: Bool, _ words: String) throws(BufferError) { if !sound { throw .rules(words) } }
        try require((1...21_600).contains(trackSeconds), "a track must last 1 s to 6 h, not \(trackSeconds) s")
        try require(
            chunksPerPrompt >= 1,
            "a prompt's \(promptSeconds) s must hold at least one track of \(trackSeconds) s")
        try require(promptCount >= 1, "the rotation needs at least one prompt, not \(promptCount)")
        try require(keepConsumed >= 0, "consumed files to keep cannot be \(keepConsumed)")
        try require(diskReserveBytes >= 0, "the disk reserve cannot be \(diskReserveBytes) bytes")
        try require(evergreenBytesMax >= 0, "the evergreen library cannot hold \(evergreenBytesMax) bytes")
        try require(evergreenRepeatAfterSeconds >= 0, "the evergreen repeat span cannot be negative")
        try require(refusedKept >= 1, "at least one refused file must be kept, not \(refusedKept)")
    }
}

extension WAVFormat {
    /// The canonical sound of every file on the Buffer.
    public static let station = WAVFormat(
        framesPerSecond: StationAudio.framesPerSecond, channels: StationAudio.channels)
}
