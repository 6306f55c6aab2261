/// Deterministic random numbers for decisions (SplitMix64). Audio noise has its own, cheaper, generator.
struct SeededRandom {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// A generator whose stream depends on every one of `parts`, in order.
    init(mixing parts: UInt64...) {
        var mixed: UInt64 = 0x243F_6A88_85A3_08D3
        for part in parts {
            var step = SeededRandom(seed: mixed ^ part)
            mixed = step.next()
        }
        state = mixed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 0 up to, not including, 1.
    mutating func unit() -> Float {
        Float(next() >> 40) * (1 / 16_777_216)
    }

    mutating func between(_ low: Float, _ high: Float) -> Float {
        low + (high - low) * unit()
    }

    /// 0 up to, not including, `count`; 0 when `count` is not positive.
    mutating func below(_ count: Int) -> Int {
        count > 0 ? Int(next() % UInt64(count)) : 0
    }

    mutating func chance(_ probability: Float) -> Bool {
        unit() < probability
    }

    mutating func pick<Value>(_ values: [Value], or fallback: Value) -> Value {
        values.isEmpty ? fallback : values[below(values.count)]
    }
}
