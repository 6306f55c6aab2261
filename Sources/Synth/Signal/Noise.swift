/// White noise in -1...1 (xorshift32).
struct Noise {
    private var state: UInt32

    init(seed: UInt64) {
        let folded = UInt32(truncatingIfNeeded: seed ^ (seed >> 32))
        state = folded == 0 ? 0x6D2B_79F5 : folded
    }

    @inline(__always)
    mutating func next() -> Float {
        state ^= state << 13
        state ^= state >> 17
        state ^= state << 5
        return Float(Int32(bitPattern: state)) * (1 / 2_147_483_648)
    }

    /// 0...1
    @inline(__always)
    mutating func unit() -> Float {
        0.5 + 0.5 * next()
    }
}
