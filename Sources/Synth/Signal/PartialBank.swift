internal import Glibc

/// What a struck or plucked body is made of: partials by ratio, level, time to bloom and time to die.
struct PartialRecipe {
    struct Partial {
        var ratio: Float
        var level: Float
        /// Seconds to fall to 1/e.
        var decay: Float
        /// Seconds to come up to 1 - 1/e.
        var bloom: Float
    }
    var partials: [Partial]
}

/// Decaying sinusoids, eight side by side. One bank is one voice; it allocates nothing after it is made.
final class PartialBank {
    static let capacity = 24
    /// Eight, so that two vectors of four hide each other's latency.
    typealias Lanes = SIMD8<Float>
    private static let width = 8

    private struct Group {
        var real = Lanes()
        var imaginary = Lanes()
        var cosine = Lanes()
        var sine = Lanes()
        var veil = Lanes()
        var lift = Lanes()
        var isAlive = true
    }

    private let groups: UnsafeMutablePointer<Group>
    private let groupLimit = PartialBank.capacity / PartialBank.width
    private var groupCount = 0
    private(set) var energy: Float = 0

    init() {
        groups = .allocate(capacity: groupLimit)
        groups.initialize(repeating: Group(), count: groupLimit)
    }

    deinit {
        groups.deallocate()
    }

    var isSounding: Bool { energy > 4e-9 }

    /// The last sample this voice gave.
    var lastSample: Float {
        var sum: Float = 0
        for g in 0..<groupCount {
            let group = groups[g]
            sum += (group.imaginary * (Lanes(repeating: 1) - group.veil)).sum()
        }
        return sum
    }

    /// Strikes the body. Partials above 15 kHz are left out; all start at phase zero, so nothing jumps.
    func start(_ recipe: PartialRecipe, hertz: Float, level: Float, damping: Float = 1) {
        let count = min(recipe.partials.count, PartialBank.capacity)
        groupCount = (count + PartialBank.width - 1) / PartialBank.width
        for g in 0..<groupCount {
            var group = Group()
            for lane in 0..<PartialBank.width where g * PartialBank.width + lane < count {
                let partial = recipe.partials[g * PartialBank.width + lane]
                let frequency = partial.ratio * hertz
                guard frequency < 15_000 else { continue }
                let angle = 2 * Float.pi * frequency / SampleRate.hertz
                let shrink = SampleRate.decay(partial.decay * damping)
                group.real[lane] = partial.level * level
                group.cosine[lane] = shrink * cosf(angle)
                group.sine[lane] = shrink * sinf(angle)
                group.veil[lane] = 1
                group.lift[lane] = SampleRate.decay(partial.bloom)
            }
            groups[g] = group
        }
        energy = 1
    }

    /// Adds this voice to a vector accumulator, summed over lanes by the owner.
    func render(adding out: UnsafeMutablePointer<Lanes>, frames: Int) {
        var left: Float = 0
        for g in 0..<groupCount {
            var group = groups[g]
            guard group.isAlive else { continue }
            for i in 0..<frames {
                let real = group.real * group.cosine - group.imaginary * group.sine
                group.imaginary = group.real * group.sine + group.imaginary * group.cosine
                group.real = real
                group.veil *= group.lift
                out[i] += group.imaginary - group.imaginary * group.veil
            }
            // A veil or partial that has all but vanished would crawl through denormals.
            group.veil.replace(with: 0, where: group.veil .< 1e-12)
            group.real.replace(with: 0, where: group.real * group.real + group.imaginary * group.imaginary .< 1e-18)
            group.imaginary.replace(with: 0, where: group.imaginary * group.imaginary .< 1e-22)
            let strength = (group.real * group.real + group.imaginary * group.imaginary).sum()
            group.isAlive = strength > 4e-10
            left += strength
            groups[g] = group
        }
        energy = left
    }
}
