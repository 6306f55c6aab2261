/// Slow strings: two band-limited saws a voice, one to each side, under a soft low-pass.
final class StringPad {
    private struct Voice {
        var leftPhase: Float = 0
        var rightPhase: Float = 0.3
        var step: Float = 0
        var level: Float = 0
        var target: Float = 0
        var secondsLeft: Float = 0
    }

    private var voices = [Voice](repeating: Voice(), count: 8)
    private var next = 0
    private var leftFilter: StateVariable
    private var rightFilter: StateVariable
    private let attack: Float
    private var drift: Float = 0

    /// `hertz` is the corner of the low-pass.
    init(hertz: Float, attackSeconds: Float) {
        leftFilter = StateVariable(hertz: hertz, q: 0.6)
        rightFilter = StateVariable(hertz: hertz, q: 0.6)
        attack = attackSeconds
    }

    func start(_ tone: Tone) {
        // A voice taken while it sounds keeps its level and phase: the new pitch fades on from there.
        voices[next].step = tone.hertz / SampleRate.hertz
        voices[next].target = tone.velocity
        voices[next].secondsLeft = tone.seconds
        next = (next + 1) % voices.count
    }

    @inline(__always)
    private static func saw(_ phase: Float, _ step: Float) -> Float {
        var y = 2 * phase
        if phase > 0.5 - step {
            let t = (phase - 0.5) / step + 1
            y -= t * t
        } else if phase < -0.5 + step {
            let t = (phase + 0.5) / step - 1
            y += t * t
        }
        return y
    }

    func render(
        addingLeft left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>, scratch: Samples, frames: Int
    ) {
        drift = wrappedFar(drift + Float(frames) / SampleRate.hertz * 0.31)
        let detune = 0.0022 + 0.0012 * sine(turns: drift)
        let rise = 1 - SampleRate.decay(attack)
        let fall = 1 - SampleRate.decay(0.55)
        scratch.clear(frames * 2)
        let a = scratch.base
        let b = scratch.base + frames
        for slot in voices.indices where voices[slot].level > 1e-5 || voices[slot].target > 0 {
            var voice = voices[slot]
            voice.secondsLeft -= Float(frames) / SampleRate.hertz
            if voice.secondsLeft < 0 { voice.target = 0 }
            let follow = voice.target > voice.level ? rise : fall
            let leftStep = voice.step * (1 - detune)
            let rightStep = voice.step * (1 + detune)
            for i in 0..<frames {
                voice.level += (voice.target - voice.level) * follow
                voice.leftPhase = wrapped(voice.leftPhase + leftStep)
                voice.rightPhase = wrapped(voice.rightPhase + rightStep)
                let x = StringPad.saw(voice.leftPhase, leftStep) * voice.level
                let y = StringPad.saw(voice.rightPhase, rightStep) * voice.level
                a[i] += 0.75 * x + 0.35 * y
                b[i] += 0.35 * x + 0.75 * y
            }
            voices[slot] = voice
        }
        var leftFilter = leftFilter
        var rightFilter = rightFilter
        for i in 0..<frames {
            left[i] += leftFilter.low(a[i]) * 0.25
            right[i] += rightFilter.low(b[i]) * 0.25
        }
        self.leftFilter = leftFilter
        self.rightFilter = rightFilter
    }
}
