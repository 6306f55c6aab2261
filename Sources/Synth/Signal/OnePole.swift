internal import Glibc

/// First-order low-pass; what it takes away is the high-pass.
struct OnePole {
    var state: Float = 0
    var amount: Float

    init(hertz: Float) {
        amount = OnePole.amount(hertz: hertz)
    }

    static func amount(hertz: Float) -> Float {
        1 - expf(-2 * Float.pi * hertz / SampleRate.hertz)
    }

    @inline(__always)
    mutating func low(_ x: Float) -> Float {
        state += amount * (x - state)
        return state
    }

    @inline(__always)
    mutating func high(_ x: Float) -> Float {
        state += amount * (x - state)
        return x - state
    }
}
