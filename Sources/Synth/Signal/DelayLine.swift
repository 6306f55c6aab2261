/// A circular delay of a power of two samples, read at fractions of a sample.
struct DelayLine {
    private let memory: Samples
    private let base: UnsafeMutablePointer<Float>
    private let mask: Int
    private var head = 0

    /// Holds at least `samples`, rounded up to a power of two.
    init(samples: Int) {
        var size = 8
        while size < samples + 4 { size *= 2 }
        memory = Samples(count: size)
        base = memory.base
        mask = size - 1
    }

    @inline(__always)
    mutating func push(_ x: Float) {
        base[head] = x
        head = (head + 1) & mask
    }

    /// The sample pushed `samples` pushes ago; 1 is the latest.
    @inline(__always)
    func read(_ samples: Int) -> Float {
        base[(head - samples) & mask]
    }

    /// Cubic (Hermite) read; `samples` is at least 2 and at most the size less 2.
    @inline(__always)
    func read(fraction samples: Float) -> Float {
        let whole = Int(samples)
        let t = samples - Float(whole)
        let before = base[(head - whole + 1) & mask]
        let here = base[(head - whole) & mask]
        let after = base[(head - whole - 1) & mask]
        let beyond = base[(head - whole - 2) & mask]
        let c1 = 0.5 * (after - before)
        let c2 = before - 2.5 * here + 2 * after - 0.5 * beyond
        let c3 = 0.5 * (beyond - before) + 1.5 * (here - after)
        return ((c3 * t + c2) * t + c1) * t + here
    }

    mutating func clear() {
        memory.clear(mask + 1)
    }
}
