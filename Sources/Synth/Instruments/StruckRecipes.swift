internal import Glibc

/// The struck and plucked bodies of the station, as partials.
extension PartialRecipe {
    /// Santoor: two strings of a course a few cents apart, a light hammer.
    static let santoor: PartialRecipe = {
        var partials: [Partial] = []
        for k in 1...12 {
            let n = Float(k)
            let stretch = n * sqrtf(1 + 0.00035 * n * n)
            let level = 0.42 / powf(n, 0.95) * (k % 5 == 0 ? 0.4 : 1)
            let decay = 1.15 / (1 + 0.42 * (n - 1))
            partials.append(Partial(ratio: stretch, level: level, decay: decay, bloom: 0.0012))
            partials.append(Partial(ratio: stretch * 1.0014, level: level * 0.8, decay: decay * 0.85, bloom: 0.0012))
        }
        return PartialRecipe(partials: partials)
    }()

    /// One tanpura string: the upper partials come first and the lower ones bloom after them, as the thread on the
    /// bridge makes them.
    static let tanpura: PartialRecipe = {
        var partials: [Partial] = []
        for k in 1...24 {
            let n = Float(k)
            // The last partials fade, so that the spectrum has no edge.
            let taper = 1 - powf(n / 25, 3)
            let formant = 0.35 + expf(-powf((n - 6) / 4.5, 2)) + 0.35 * expf(-powf((n - 14) / 4, 2))
            partials.append(
                Partial(
                    ratio: n * (1 + 0.00002 * n * n), level: 0.2 * formant * taper / powf(n, 0.62),
                    decay: 2.6 / (1 + 0.085 * n), bloom: 0.035 + 0.32 / n))
        }
        return PartialRecipe(partials: partials)
    }()

    /// Temple bell: hum, prime, tierce, quint, nominal and above; the prime is the written pitch.
    static let bell: PartialRecipe = PartialRecipe(partials: [
        Partial(ratio: 0.5, level: 0.22, decay: 4.2, bloom: 0.006),
        Partial(ratio: 1, level: 0.4, decay: 3.2, bloom: 0.003),
        Partial(ratio: 1.003, level: 0.25, decay: 3.4, bloom: 0.003),
        Partial(ratio: 1.5, level: 0.14, decay: 2, bloom: 0.002),
        Partial(ratio: 2, level: 0.3, decay: 2.2, bloom: 0.002),
        Partial(ratio: 2.005, level: 0.16, decay: 2.1, bloom: 0.002),
        Partial(ratio: 2.67, level: 0.12, decay: 1.1, bloom: 0.001),
        Partial(ratio: 3.01, level: 0.14, decay: 0.9, bloom: 0.001),
        Partial(ratio: 4.16, level: 0.1, decay: 0.5, bloom: 0.001),
        Partial(ratio: 5.43, level: 0.06, decay: 0.3, bloom: 0.001),
        Partial(ratio: 6.79, level: 0.04, decay: 0.18, bloom: 0.001),
        Partial(ratio: 8.21, level: 0.02, decay: 0.1, bloom: 0.001),
    ])

    /// The dayan's near-harmonic modes (Raman), weighed by stroke.
    static func dayan(_ levels: [Float], decay: Float) -> PartialRecipe {
        let ratios: [Float] = [1, 2.005, 3.01, 4.02, 5.04, 6.2, 7.3, 8.1]
        var partials: [Partial] = []
        for (index, level) in levels.prefix(ratios.count).enumerated() {
            let n = Float(index)
            partials.append(
                Partial(ratio: ratios[index], level: level, decay: decay / (1 + 0.7 * n), bloom: 0.0007))
        }
        return PartialRecipe(partials: partials)
    }

    static let na = dayan([0.1, 0.34, 0.4, 0.22, 0.14, 0.06], decay: 0.42)
    static let tin = dayan([0.42, 0.3, 0.12, 0.06, 0.03], decay: 0.55)
    static let tun = dayan([0.6, 0.12, 0.05, 0.02], decay: 0.7)
    static let te = dayan([0.05, 0.12, 0.1, 0.12, 0.1, 0.1, 0.08, 0.06], decay: 0.045)
}
