/// The breath a kick takes out of the sustained instruments: a gain curve, not a compressor.
struct Ducking {
    private var envelope = StruckEnvelope(attackSeconds: 0.012, decaySeconds: 0.16)
    private let depth: Float

    init(depth: Float) {
        self.depth = depth
    }

    mutating func strike(_ velocity: Float) {
        envelope.strike(min(velocity, 1))
    }

    mutating func render(into gain: UnsafeMutablePointer<Float>, frames: Int) {
        for i in 0..<frames { gain[i] = 1 - depth * envelope.next() }
    }
}
