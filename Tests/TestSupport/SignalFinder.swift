/// Tells where in the numbered signal a window of sound lies, without any hint.
struct SignalFinder {
    /// Each buzz twice over, so that a round may begin anywhere.
    private let doubled: [[Float]] = SignalTables.shared.buzz.map { $0 + $0 }

    /// The index of the first frame of `window`, if the window is signal at all: the caller verifies.
    func index(ofFirstIn window: UnsafeBufferPointer<Float>) -> Int {
        let phases = doubled.map { bestPhase(of: window, in: $0) }
        return Self.index(phases: phases)
    }

    /// The phase of one buzz at which it correlates best with the window. Folding the window to one period first
    /// makes the cost independent of its length.
    private func bestPhase(of window: UnsafeBufferPointer<Float>, in twoRounds: [Float]) -> Int {
        let period = twoRounds.count / 2
        var folded = [Float](repeating: 0, count: period)
        var place = 0
        for sample in window {
            folded[place] += sample
            place = place + 1 == period ? 0 : place + 1
        }
        var correlation = [Float](repeating: 0, count: period)
        correlation.withUnsafeMutableBufferPointer { sums in
            twoRounds.withUnsafeBufferPointer { table in
                for shift in 0..<period {
                    let weight = folded[shift]
                    for phase in 0..<period { sums[phase] += weight * table[phase + shift] }
                }
            }
        }
        var best = 0
        for phase in 1..<period where correlation[phase] > correlation[best] { best = phase }
        return best
    }

    /// A window across a jump of a few frames can catch each buzz on another side of it. So each is moved a few frames
    /// to either side until the sum of the three fits `block` best, which must be whole.
    func refined(offset: Int, in block: [Float], at start: Int) -> Int {
        let tables = SignalTables.shared.buzz
        let periods = NumberedSignal.periods
        var phases = periods.map { Self.modulo(SignalPlace.normal(start + offset), $0) }
        var best = Self.fit(block, tables, phases)
        for number in [0, 1, 2, 0, 1, 2] {
            let middle = phases[number]
            for shift in [-3, -2, -1, 1, 2, 3] {
                var tried = phases
                tried[number] = Self.modulo(middle + shift, periods[number])
                let fit = Self.fit(block, tables, tried)
                if fit > best { (best, phases) = (fit, tried) }
            }
        }
        return SignalPlace.normal(Self.index(phases: phases) - start)
    }

    /// The correlation of `block` with the sum of the buzzes, up to a factor.
    private static func fit(_ block: [Float], _ tables: [[Float]], _ phases: [Int]) -> Float {
        var (first, second, third) = (phases[0], phases[1], phases[2])
        var cross: Float = 0
        var power: Float = 1e-12
        for sample in block {
            let expected = tables[0][first] + tables[1][second] + tables[2][third]
            cross += sample * expected
            power += expected * expected
            first = first + 1 == tables[0].count ? 0 : first + 1
            second = second + 1 == tables[1].count ? 0 : second + 1
            third = third + 1 == tables[2].count ? 0 : third + 1
        }
        return cross / power.squareRoot()
    }

    /// The one index in the cycle that has these three phases (Garner's way to the Chinese remainder).
    static func index(phases: [Int]) -> Int {
        let periods = NumberedSignal.periods
        let inverseOfFirst = inverse(of: periods[0], modulo: periods[1])
        let second = modulo((phases[1] - phases[0]) * inverseOfFirst, periods[1])
        let both = phases[0] + periods[0] * second
        let inverseOfBoth = inverse(of: periods[0] * periods[1], modulo: periods[2])
        return both + periods[0] * periods[1] * modulo((phases[2] - both) % periods[2] * inverseOfBoth, periods[2])
    }

    private static func inverse(of value: Int, modulo prime: Int) -> Int {
        (1..<prime).first { value % prime * $0 % prime == 1 } ?? 1
    }

    private static func modulo(_ value: Int, _ by: Int) -> Int { ((value % by) + by) % by }
}
