internal import Glibc

/// One string: Karplus-Strong with a fractional, slidable length, a pluck position and a bridge that buzzes.
final class PluckedString {
    private let recipe: PluckRecipe
    private var line = DelayLine(samples: 1_400)
    private let excitation = Samples(count: 1_500)
    private var excitationLength = 0
    private var excitationAt = 0
    private var noise: Noise
    private var loop: OnePole
    private var loopDelay: Float
    private var lift = OnePole(hertz: 2)
    private var glide = Glide()
    private var period: Float = 200
    private var damped = false
    private var secondsLeft: Float = 0
    private(set) var level: Float = 0
    private(set) var lastSample: Float = 0

    init(recipe: PluckRecipe, seed: UInt64) {
        self.recipe = recipe
        noise = Noise(seed: seed)
        loop = OnePole(hertz: recipe.loopHertz)
        loopDelay = (1 - loop.amount) / loop.amount
    }

    var isSounding: Bool { level > 1e-5 }

    func pluck(_ tone: Tone) {
        line.clear()
        loop.state = 0
        lift.state = 0
        lastSample = 0
        damped = false
        // A plucked string rings on until the next note stops it.
        secondsLeft = tone.seconds + 2
        glide.begin(from: tone.fromHertz, to: tone.hertz, wait: tone.slideWait, length: tone.slideLength)
        period = length(at: glide.hertz())
        level = 1
        writeExcitation(velocity: tone.velocity)
    }

    func damp() {
        damped = true
    }

    private func length(at hertz: Float) -> Float {
        min(max(SampleRate.hertz / max(hertz, 34) - loopDelay, 4), 1_300)
    }

    /// One period of softened noise, seen from the pluck position and freed of its mean.
    private func writeExcitation(velocity: Float) {
        let count = min(Int(period), excitation.count - 1)
        var soft = OnePole(hertz: recipe.pluckHertz * (0.35 + 0.65 * velocity))
        var softer = soft
        let base = excitation.base
        var mean: Float = 0
        for i in 0..<count {
            let x = softer.low(soft.low(noise.next()))
            base[i] = x
            mean += x
        }
        mean /= Float(max(count, 1))
        let offset = max(Int(Float(count) * recipe.pluckPosition), 1)
        var energy: Float = 1e-9
        // From the end, so that the comb reads what it has not yet overwritten.
        for i in stride(from: count - 1, through: 0, by: -1) {
            let behind = i - offset >= 0 ? base[i - offset] : base[i - offset + count]
            base[i] = (base[i] - mean) - 0.75 * (behind - mean)
            energy += base[i] * base[i]
        }
        let scale = velocity * 0.5 / sqrtf(energy / Float(max(count, 1)))
        let ramp = min(24, count / 4)
        for i in 0..<count {
            let edge = min(Float(min(i, count - 1 - i)) / Float(max(ramp, 1)), 1)
            base[i] *= scale * edge
        }
        excitationLength = count
        excitationAt = 0
    }

    func render(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        glide.advance(frames)
        secondsLeft -= Float(frames) / SampleRate.hertz
        if secondsLeft < 0 { damped = true }
        let target = length(at: glide.hertz())
        let slope = (target - period) / Float(frames)
        let ring = damped ? recipe.dampedRing : recipe.ring
        let feedback = powf(10, -3 * target / (SampleRate.hertz * ring))
        var line = line
        var loop = loop
        var lift = lift
        var period = period
        var last = lastSample
        var loudest: Float = 0
        for i in 0..<frames {
            period += slope
            // The string lies on the bridge while it swings one way: that half of its wave is a little shorter.
            // Heard a few samples late, so that the processor need not wait for each sample to begin the next.
            let press = min(max(line.read(6), 0), 0.6)
            let raw = line.read(fraction: period - recipe.bridge * press)
            let y = loop.low(raw)
            var push = lift.high(y) * feedback
            if excitationAt < excitationLength {
                push += excitation.base[excitationAt]
                excitationAt += 1
            }
            line.push(push)
            last = y
            loudest = max(loudest, abs(y))
            out[i] += y
        }
        self.line = line
        self.loop = loop
        self.lift = lift
        self.period = target
        lastSample = last
        level = max(loudest, excitationAt < excitationLength ? 1 : 0, level * 0.5)
    }
}
