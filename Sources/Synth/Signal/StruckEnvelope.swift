/// A blow: up in a millisecond or two, down exponentially; a blow on a sounding body never jumps.
struct StruckEnvelope {
    private var target: Float = 0
    private var level: Float = 0
    private let follow: Float
    private let fade: Float

    init(attackSeconds: Float, decaySeconds: Float) {
        follow = 1 - SampleRate.decay(attackSeconds)
        fade = SampleRate.decay(decaySeconds)
    }

    var isSounding: Bool { target > 1e-4 || level > 1e-4 }

    mutating func strike(_ velocity: Float) {
        target = max(target, velocity)
    }

    @inline(__always)
    mutating func next() -> Float {
        level += (target - level) * follow
        target *= fade
        return level
    }
}
