internal import Glibc

/// Four band-passes side by side (trapezoidal state variable), for the price of one.
struct FourFilters {
    typealias Four = SIMD4<Float>
    private var first = Four()
    private var second = Four()
    private var a1 = Four()
    private var a2 = Four()
    private var a3 = Four()
    private var damping = Four()

    mutating func tune(lane: Int, hertz: Float, q: Float) {
        let g = tanf(Float.pi * min(hertz, SampleRate.hertz * 0.45) / SampleRate.hertz)
        damping[lane] = 1 / q
        a1[lane] = 1 / (1 + g * (g + 1 / q))
        a2[lane] = g * a1[lane]
        a3[lane] = g * a2[lane]
    }

    /// Unity gain at each centre; lanes never tuned stay silent.
    @inline(__always)
    mutating func band(_ x: Four) -> Four {
        let v3 = x - second
        let v1 = a1 * first + a2 * v3
        let v2 = second + a2 * first + a3 * v3
        first = v1 + v1 - first
        second = v2 + v2 - second
        return v1 * damping
    }
}
