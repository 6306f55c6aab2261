/// What to compose. Equal requests give equal sound, bit for bit, on one build of the program.
public struct SynthRequest: Sendable, Hashable {
    /// Place in the station's rotation; 0...9 have characters of their own, others go by `promptText`.
    public var promptIndex: Int
    /// The prompt's words; they choose the character where the index does not, and colour the composition.
    public var promptText: String
    public var seed: UInt64
    /// Which chunk of the prompt this is, from 0: later chunks go on where an opening would be too much.
    public var chunkIndex: Int
    /// Length in frames at 44.1 kHz; less than one gives no sound.
    public var frames: Int

    public init(promptIndex: Int, promptText: String, seed: UInt64, chunkIndex: Int, frames: Int) {
        self.promptIndex = promptIndex
        self.promptText = promptText
        self.seed = seed
        self.chunkIndex = chunkIndex
        self.frames = frames
    }
}
