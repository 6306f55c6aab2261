/// Four independent white noises in -1...1 (xorshift32 in each lane).
struct FourNoises {
    private var state: SIMD4<UInt32>

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        state = SIMD4<UInt32>()
        for lane in 0..<4 { state[lane] = UInt32(truncatingIfNeeded: random.next()) | 1 }
    }

    @inline(__always)
    mutating func next() -> SIMD4<Float> {
        state ^= state &<< 13
        state ^= state &>> 17
        state ^= state &<< 5
        return SIMD4<Float>(SIMD4<Int32>(truncatingIfNeeded: state)) * (1 / 2_147_483_648)
    }
}
