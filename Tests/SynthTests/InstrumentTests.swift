import Testing

@testable import Synth

@Suite("Instruments")
struct InstrumentTests {
    /// The frequency near `hertz` at which a Hann-windowed run of samples is strongest, to a tenth of a per cent.
    private func pitch(of samples: ArraySlice<Float>, near hertz: Double) -> Double {
        var best = (hertz: 0.0, power: 0.0)
        let count = Double(samples.count)
        for step in -60...60 {
            let candidate = hertz * (1 + Double(step) * 0.0006)
            let coefficient = 2 * cosine(2 * Double.pi * candidate / 44_100)
            var s1 = 0.0
            var s2 = 0.0
            for (index, sample) in samples.enumerated() {
                let window = 0.5 - 0.5 * cosine(2 * Double.pi * Double(index) / count)
                let s0 = Double(sample) * window + coefficient * s1 - s2
                s2 = s1
                s1 = s0
            }
            let power = s1 * s1 + s2 * s2 - coefficient * s1 * s2
            if power > best.power { best = (candidate, power) }
        }
        return best.hertz
    }

    /// Taylor series about a quarter turn's reduction: enough for a test that must not lean on the code it tests.
    private func cosine(_ radians: Double) -> Double {
        var x = radians.truncatingRemainder(dividingBy: 2 * Double.pi)
        if x > Double.pi { x -= 2 * Double.pi }
        var term = 1.0
        var sum = 1.0
        for n in 1...16 {
            term *= -x * x / Double((2 * n - 1) * (2 * n))
            sum += term
        }
        return sum
    }

    private func sound(_ play: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        var samples = [Float](repeating: 0, count: 128 * 256)
        samples.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            for block in 0..<256 { play(base + block * 128) }
        }
        return samples
    }

    @Test("a plucked string, a flute and a piano are in tune to half a per cent", arguments: [164.81, 277.18, 523.25])
    func isInTune(hertz: Double) {
        let tone = Tone(hertz: Float(hertz), fromHertz: Float(hertz), seconds: 2, velocity: 0.7)
        let string = PluckedInstrument(recipe: .sitar, seed: 3, maximumFrames: 128)
        string.start(tone)
        let flute = Bansuri(seed: 3)
        flute.start(tone)
        let piano = ElectricPiano()
        piano.start(tone)
        for samples in [
            sound { string.render(adding: $0, frames: 128) }, sound { flute.render(adding: $0, frames: 128) },
            sound { piano.render(adding: $0, frames: 128) },
        ] {
            let heard = pitch(of: samples[8_000..<20_000], near: hertz)
            #expect(abs(heard / hertz - 1) < 0.005, "heard \(heard) Hz")
        }
    }

    @Test("the limiter lets nothing over its ceiling, however sudden")
    func limiterHolds() {
        var limiter = Limiter(ceiling: 0.89)
        var noise = Noise(seed: 1)
        let left = Samples(count: 128)
        let right = Samples(count: 128)
        var heldPeak: Float = 0
        var held = [Float](repeating: 0, count: 128)
        var worst: Float = 0
        for block in 0..<200 {
            let loud: Float = block % 17 == 3 ? 9 : 0.5
            let fresh = (0..<128).map { _ in noise.next() * loud }
            let peak = fresh.map(abs).max() ?? 0
            for i in 0..<128 {
                left.base[i] = held[i]
                right.base[i] = held[i]
            }
            limiter.render(left: left.base, right: right.base, frames: 128, peak: heldPeak, nextPeak: peak)
            for i in 0..<128 { worst = max(worst, abs(left.base[i])) }
            held = fresh
            heldPeak = peak
        }
        #expect(worst <= 0.8901)
        #expect(worst > 0.5)
    }
}
