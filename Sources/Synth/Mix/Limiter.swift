/// Keeps every sample under the ceiling. It hears one block ahead, so the gain is already down when the peak comes:
/// the gain runs in a straight line between values that both neighbours' peaks allow.
struct Limiter {
    let ceiling: Float
    private var gain: Float = 1

    init(ceiling: Float) {
        self.ceiling = ceiling
    }

    static func peak(left: UnsafePointer<Float>, right: UnsafePointer<Float>, frames: Int) -> Float {
        var peak: Float = 0
        for i in 0..<frames { peak = max(peak, abs(left[i]), abs(right[i])) }
        return peak
    }

    /// Scales one block in place; `nextPeak` is that of the block after it.
    mutating func render(
        left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>, frames: Int, peak: Float, nextPeak: Float
    ) {
        let allowed = min(1, ceiling / max(peak, nextPeak, 1e-9))
        let recovered = gain + (1 - gain) * min(Float(frames) / (SampleRate.hertz * 0.18), 1)
        let goal = min(allowed, recovered)
        let slope = (goal - gain) / Float(frames)
        for i in 0..<frames {
            gain += slope
            left[i] *= gain
            right[i] *= gain
        }
        gain = goal
    }
}
