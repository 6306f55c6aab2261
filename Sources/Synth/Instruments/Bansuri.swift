internal import Glibc

/// Bamboo flute: a few harmonics that follow the breath, breath noise around the pitch, late vibrato.
final class Bansuri {
    private var glide = Glide()
    private var phase: Float = 0
    private var step: Float = 0
    private var breath: Float = 0
    private var breathTarget: Float = 0
    private var air: Float = 0
    private var secondsLeft: Float = 0
    private var age: Float = 0
    private var vibratoPhase: Float = 0
    private var chiff: Float = 0
    private var wander: Float = 0
    private var noise: Noise
    private var around = StateVariable(hertz: 600, q: 4)
    private var above = StateVariable(hertz: 2_400, q: 0.8)

    init(seed: UInt64) {
        noise = Noise(seed: seed)
    }

    func start(_ tone: Tone) {
        let fresh = breath < 0.02
        let origin = tone.legato && !fresh ? glide.hertz() : tone.fromHertz
        let length = tone.legato && !fresh ? max(tone.slideLength, 0.07) : tone.slideLength
        glide.begin(from: origin, to: tone.hertz, wait: tone.slideWait, length: length)
        breathTarget = 0.35 + 0.65 * tone.velocity
        secondsLeft = tone.seconds
        if !tone.legato || fresh {
            chiff = 1
            age = 0
        } else {
            age *= 0.4
        }
        if fresh { step = glide.hertz() / SampleRate.hertz }
    }

    func render(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        let span = Float(frames) / SampleRate.hertz
        secondsLeft -= span
        if secondsLeft <= 0 { breathTarget = 0 }
        guard breath > 1e-4 || breathTarget > 0 else { return }
        age += span
        glide.advance(frames)
        vibratoPhase = wrappedFar(vibratoPhase + 4.8 * span)
        wander += (noise.next() - wander) * min(span * 6, 1)
        let depth = min(max(age - 0.35, 0) * 1.2, 1) * 0.0085
        let hertz = glide.hertz(offset: depth * sine(turns: vibratoPhase) + 0.003 * wander)
        let target = hertz / SampleRate.hertz
        let slope = (target - step) / Float(frames)
        around.tune(hertz: hertz * 1.02, q: 5)
        // The breath rises in 60 ms and leaves in 110: slower than a click, quick enough to speak.
        let follow = 1 - SampleRate.decay(breathTarget > breath ? 0.06 : 0.11)
        let airFollow = 1 - SampleRate.decay(0.02)
        let chiffFade = SampleRate.decay(0.05)
        let swell = breathTarget * (1 + 0.12 * sine(turns: vibratoPhase) * min(age, 1))
        let dark = min(max((hertz - 250) / 700, 0), 1)
        for i in 0..<frames {
            step += slope
            phase = wrapped(phase + step)
            breath += (swell - breath) * follow
            air += (breath - air) * airFollow
            chiff *= chiffFade
            let first = sine(turns: phase)
            let second = sine(turns: wrappedFar(phase * 2 + 0.1))
            let third = sine(turns: wrappedFar(phase * 3))
            let fourth = sine(turns: wrappedFar(phase * 4 + 0.3))
            let b2 = air * air
            let body =
                first * air + second * b2 * (0.32 - 0.2 * dark) + third * b2 * (0.16 - 0.09 * dark) + fourth * b2 * air
                * 0.05
            let hiss = noise.next()
            let wind = around.band(hiss) * 0.16 + above.band(hiss) * 0.022
            out[i] += body * 0.5 + wind * air * (0.55 + 1.5 * chiff)
        }
        step = target
    }
}
