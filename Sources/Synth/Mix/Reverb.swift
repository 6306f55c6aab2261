internal import Glibc

/// A small room: eight delays feeding one another through a Householder matrix, darkened on every pass.
final class Reverb {
    private typealias Eight = SIMD8<Float>
    private var lines: [DelayLine]
    private let lengths: [Int] = [1_117, 1_361, 1_567, 1_801, 2_053, 2_293, 2_551, 2_801]
    private var damped = Eight()
    private let damping: Float
    private let feedback: Eight

    /// `seconds` to fall 60 dB; `hertz` is the corner of the low-pass in each pass.
    init(seconds: Float, hertz: Float) {
        lines = lengths.map { DelayLine(samples: $0 + 2) }
        damping = OnePole.amount(hertz: hertz)
        var gains = Eight()
        for lane in 0..<8 {
            gains[lane] = powf(10, -3 * Float(lengths[lane]) / (SampleRate.hertz * max(seconds, 0.1)))
        }
        feedback = gains
    }

    /// Hears a mono send, adds its sound to both sides.
    func render(
        hearing send: UnsafeMutablePointer<Float>, addingLeft left: UnsafeMutablePointer<Float>,
        right: UnsafeMutablePointer<Float>, frames: Int
    ) {
        var state = damped
        lines.withUnsafeMutableBufferPointer { lines in
            for i in 0..<frames {
                var taps = Eight()
                for lane in 0..<8 { taps[lane] = lines[lane].read(lengths[lane]) }
                state += (taps - state) * damping
                let mixed = state - Eight(repeating: state.sum() * 0.25)
                let feed = mixed * feedback + Eight(repeating: send[i] * 0.35 + 1e-20)
                for lane in 0..<8 { lines[lane].push(feed[lane]) }
                let odd = state.oddHalf
                let even = state.evenHalf
                left[i] += even[0] - even[1] + even[2] - even[3] + 0.3 * odd[0]
                right[i] += odd[0] - odd[1] + odd[2] - odd[3] + 0.3 * even[0]
            }
        }
        damped = state
    }
}
