/// A string's character. Times in seconds, frequencies in Hz, the rest 0...1.
struct PluckRecipe {
    /// Time to fall 60 dB at the string's own pitch.
    var ring: Float
    /// The same when the next note has damped it.
    var dampedRing: Float
    /// Corner of the low-pass in the loop.
    var loopHertz: Float
    /// Corner of the low-pass on the pluck, at full velocity.
    var pluckHertz: Float
    /// Where the finger is, as a share of the string.
    var pluckPosition: Float
    /// How far the flat bridge bends the string's length, in samples: the buzz.
    var bridge: Float
    /// Body resonances, four at most.
    var body: [(hertz: Float, q: Float, level: Float)]
    /// How much of the plain string is heard beside the body.
    var direct: Float

    static let sitar = PluckRecipe(
        ring: 5.5, dampedRing: 0.12, loopHertz: 12_000, pluckHertz: 5_200, pluckPosition: 0.11, bridge: 1.6,
        body: [(240, 2.2, 0.35), (530, 2.6, 0.4), (1_250, 2, 0.3), (2_700, 1.6, 0.22)], direct: 0.55)

    static let sarod = PluckRecipe(
        ring: 3.2, dampedRing: 0.09, loopHertz: 8_000, pluckHertz: 3_400, pluckPosition: 0.17, bridge: 0.35,
        body: [(190, 3, 0.6), (390, 3, 0.5), (820, 2.4, 0.35), (1_700, 2, 0.2)], direct: 0.6)

    static let chikari = PluckRecipe(
        ring: 2.4, dampedRing: 0.3, loopHertz: 12_000, pluckHertz: 4_200, pluckPosition: 0.09, bridge: 0.8,
        body: [(530, 2, 0.3), (2_700, 1.6, 0.2)], direct: 0.5)
}
