internal import Glibc

/// The taraf: strings no one touches, tuned to the raga, that answer what is played.
final class SympatheticStrings {
    private var lines: [DelayLine] = []
    private var periods: [Int] = []
    private var filters: [OnePole] = []
    private var feedbacks: [Float] = []

    init(hertz: [Float]) {
        for pitch in hertz.prefix(6) {
            let filter = OnePole(hertz: 4_200)
            let period = Int((SampleRate.hertz / max(pitch, 60) - (1 - filter.amount) / filter.amount).rounded())
            lines.append(DelayLine(samples: period + 2))
            periods.append(max(period, 2))
            filters.append(filter)
            feedbacks.append(powf(10, -3 * Float(period) / (SampleRate.hertz * 3.5)))
        }
    }

    /// Hears `source` and adds its own sound to `out`; the two are different memory.
    func render(
        hearing source: UnsafeMutablePointer<Float>, adding out: UnsafeMutablePointer<Float>, frames: Int, level: Float
    ) {
        for index in lines.indices {
            var line = lines[index]
            var filter = filters[index]
            let period = periods[index]
            let feedback = feedbacks[index]
            for i in 0..<frames {
                let y = filter.low(line.read(period))
                line.push(y * feedback + source[i] * 0.02)
                out[i] += y * level
            }
            if abs(filter.state) < 1e-15 { filter.state = 0 }
            lines[index] = line
            filters[index] = filter
        }
    }
}
