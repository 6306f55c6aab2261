internal import Glibc

/// A pitch that waits, then slides to where it is going: the kan (quick) and the meend (slow).
struct Glide {
    private var from: Float = 0
    private var to: Float = 0
    private var wait: Float = 0
    private var length: Float = 0.001
    private var clock: Float = 0

    /// Pitches in Hz, times in seconds.
    mutating func begin(from start: Float, to end: Float, wait: Float, length: Float) {
        from = log2f(max(start, 10))
        to = log2f(max(end, 10))
        self.wait = wait
        self.length = max(length, 0.001)
        clock = 0
    }

    mutating func advance(_ frames: Int) {
        clock += Float(frames) / SampleRate.hertz
    }

    /// The pitch now, `offset` octaves away from the line (vibrato).
    func hertz(offset: Float = 0) -> Float {
        let x = min(max((clock - wait) / length, 0), 1)
        let eased = x * x * (3 - 2 * x)
        return exp2f(from + (to - from) * eased + offset)
    }
}
