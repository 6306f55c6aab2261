/// The mid channel of what was heard, held against the signal it should be.
struct HeardSound {
    let samples: UnsafeBufferPointer<Int16>
    var frameCount: Int { samples.count / 2 }

    /// How well a piece of sound is the signal at some offset.
    struct Fit {
        /// 1 is perfect.
        var correlation: Float
        /// The factor on the signal that fits best.
        var gain: Float
    }

    /// Half of left plus right, full scale 1.
    func mid(_ range: Range<Int>) -> [Float] {
        [Float](unsafeUninitializedCapacity: range.count) { buffer, filled in
            for (place, frame) in range.enumerated() {
                buffer[place] = Float(Int32(samples[2 * frame]) + Int32(samples[2 * frame + 1])) * (0.5 / 32_767)
            }
            filled = range.count
        }
    }

    /// Half of left minus right.
    func side(_ range: Range<Int>) -> [Float] {
        range.map { Float(Int32(samples[2 * $0]) - Int32(samples[2 * $0 + 1])) * (0.5 / 32_767) }
    }

    /// The signal as it would be heard in `range` if heard frame 0 had the index `offset`.
    func expected(_ range: Range<Int>, offset: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: range.count) { buffer, filled in
            NumberedSignal.mid(
                UnsafeMutableBufferPointer(rebasing: buffer[..<range.count]), from: range.lowerBound + offset)
            filled = range.count
        }
    }

    func fit(_ range: Range<Int>, offset: Int) -> Fit {
        Self.fit(mid(range), expected(range, offset: offset), shift: 0)
    }

    /// True when `range` is the signal at `offset`, nowhere disturbed for more than a moment, and fits there better
    /// than one or two frames beside it.
    func holds(_ range: Range<Int>, offset: Int) -> Fit? {
        let heard = mid(range)
        let wide = expected((range.lowerBound - 2)..<(range.upperBound + 2), offset: offset)
        let fit = Self.fit(heard, wide, shift: 2)
        guard fit.correlation >= FarEnd.holdCorrelation, fit.gain > FarEnd.leastGain else { return nil }
        for shift in [0, 1, 3, 4] where Self.fit(heard, wide, shift: shift).correlation > fit.correlation { return nil }
        // A dropout of a millisecond hardly shows in the whole block, but it does in a 64th of a thousand.
        let allowed = fit.gain * fit.gain * FarEnd.signalPower * 64 * FarEnd.momentResidual
        var start = 0
        while start + 64 <= heard.count {
            var residual: Float = 0
            for place in start..<(start + 64) {
                let wrong = heard[place] - fit.gain * wide[place + 2]
                residual += wrong * wrong
            }
            if residual > allowed { return nil }
            start += 64
        }
        return fit
    }

    /// RMS, where full scale is 1.
    func level(_ range: Range<Int>) -> Float {
        guard !range.isEmpty else { return 0 }
        var sum: Float = 0
        for frame in range {
            let left = Float(samples[2 * frame]), right = Float(samples[2 * frame + 1])
            sum += left * left + right * right
        }
        return (sum / Float(2 * range.count)).squareRoot() / 32_767
    }

    /// True when every sample is zero.
    func isDigitalSilence(_ range: Range<Int>) -> Bool {
        samples[(2 * range.lowerBound)..<(2 * range.upperBound)].allSatisfy { $0 == 0 }
    }

    private static func fit(_ heard: [Float], _ expected: [Float], shift: Int) -> Fit {
        var cross: Float = 0
        var heardPower: Float = 0
        var expectedPower: Float = 0
        for place in 0..<heard.count {
            let one = heard[place]
            let other = expected[place + shift]
            cross += one * other
            heardPower += one * one
            expectedPower += other * other
        }
        let norm = (heardPower * expectedPower).squareRoot()
        return Fit(correlation: norm > 0 ? cross / norm : 0, gain: expectedPower > 0 ? cross / expectedPower : 0)
    }
}
