internal import Glibc

/// Two-operator tine piano: a bark that fades faster than the note, a short tine, a soft release.
final class ElectricPiano {
    private struct Voice {
        var phase: Float = 0
        var tinePhase: Float = 0
        var step: Float = 0
        var level: Float = 0
        var attack: Float = 0
        var index: Float = 0
        var tine: Float = 0
        var fade: Float = 1
        var secondsLeft: Float = 0
        var last: Float = 0
    }

    private var voices = [Voice](repeating: Voice(), count: 10)
    private var next = 0
    private var residue = Residue()

    func start(_ tone: Tone) {
        if voices[next].level > 1e-4 { residue.absorb(voices[next].last) }
        var voice = Voice()
        voice.step = tone.hertz / SampleRate.hertz
        voice.level = tone.velocity * 0.5
        voice.index = (0.1 + 0.34 * tone.velocity) * min(330 / tone.hertz, 1.3)
        voice.tine = 0.07 * tone.velocity * tone.velocity
        voice.fade = SampleRate.decay(2.4 * min(300 / tone.hertz, 1.5))
        voice.secondsLeft = tone.seconds
        voices[next] = voice
        next = (next + 1) % voices.count
    }

    func render(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        let release = SampleRate.decay(0.16)
        let barkFade = SampleRate.decay(0.55)
        let tineFade = SampleRate.decay(0.12)
        let attackFollow = 1 - SampleRate.decay(0.004)
        for slot in voices.indices where voices[slot].level > 1e-4 {
            var voice = voices[slot]
            voice.secondsLeft -= Float(frames) / SampleRate.hertz
            let fade = voice.secondsLeft > 0 ? voice.fade : release
            let hasTine = voice.tine > 1e-4
            for i in 0..<frames {
                voice.phase = wrapped(voice.phase + voice.step)
                voice.tinePhase = wrappedFar(voice.tinePhase + voice.step * 7.01)
                voice.attack += (1 - voice.attack) * attackFollow
                voice.level *= fade
                voice.index *= barkFade
                voice.tine *= tineFade
                let bend = voice.index * sine(turns: voice.phase)
                var y = sine(turns: wrappedFar(voice.phase + bend))
                if hasTine { y += voice.tine * sine(turns: voice.tinePhase) }
                voice.last = y * voice.level * voice.attack
                out[i] += voice.last
            }
            voices[slot] = voice
        }
        residue.render(adding: out, frames: frames)
    }
}
