/// Lets a voice be taken away in the middle of a wave: the step it would leave is kept and faded out instead.
struct Residue {
    private var value: Float = 0
    private let shrink = SampleRate.decay(0.004)

    mutating func absorb(_ lastSample: Float) {
        value += lastSample
    }

    mutating func render(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        guard abs(value) > 1e-7 else {
            value = 0
            return
        }
        for i in 0..<frames {
            out[i] += value
            value *= shrink
        }
    }
}
