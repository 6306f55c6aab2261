internal import Glibc

/// Second-order filter (trapezoidal state variable) that stays stable while its frequency moves.
struct StateVariable {
    private var first: Float = 0
    private var second: Float = 0
    private var a1: Float = 0
    private var a2: Float = 0
    private var a3: Float = 0
    private var damping: Float = 1

    init(hertz: Float, q: Float) {
        tune(hertz: hertz, q: q)
    }

    mutating func tune(hertz: Float, q: Float) {
        let g = tanf(Float.pi * min(hertz, SampleRate.hertz * 0.45) / SampleRate.hertz)
        damping = 1 / q
        a1 = 1 / (1 + g * (g + damping))
        a2 = g * a1
        a3 = g * a2
    }

    @inline(__always)
    mutating func low(_ x: Float) -> Float {
        let v3 = x - second
        let v1 = a1 * first + a2 * v3
        let v2 = second + a2 * first + a3 * v3
        first = 2 * v1 - first
        second = 2 * v2 - second
        return v2
    }

    /// Unity gain at the centre.
    @inline(__always)
    mutating func band(_ x: Float) -> Float {
        let v3 = x - second
        let v1 = a1 * first + a2 * v3
        let v2 = second + a2 * first + a3 * v3
        first = 2 * v1 - first
        second = 2 * v2 - second
        return v1 * damping
    }
}
