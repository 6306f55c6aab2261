/// A round bass: one sine pushed gently, sliding a little from note to note.
final class SoftBass {
    private var glide = Glide()
    private var phase: Float = 0
    private var step: Float = 0
    private var level: Float = 0
    private var target: Float = 0
    private var secondsLeft: Float = 0

    func start(_ tone: Tone) {
        let from = level > 0.01 ? glide.hertz() : tone.hertz
        glide.begin(from: from, to: tone.hertz, wait: 0, length: 0.03)
        if level <= 0.01 { step = tone.hertz / SampleRate.hertz }
        target = tone.velocity
        secondsLeft = tone.seconds
    }

    func render(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        secondsLeft -= Float(frames) / SampleRate.hertz
        if secondsLeft < 0 { target = 0 }
        guard level > 1e-4 || target > 0 else { return }
        glide.advance(frames)
        let goal = glide.hertz() / SampleRate.hertz
        let slope = (goal - step) / Float(frames)
        let follow = 1 - SampleRate.decay(target > level ? 0.012 : 0.07)
        let sag = SampleRate.decay(1.4)
        for i in 0..<frames {
            step += slope
            phase = wrapped(phase + step)
            level += (target - level) * follow
            target *= sag
            let x = 1.5 * sine(turns: phase)
            // An odd, slightly lopsided curve: third and second harmonics, so that small speakers hear the line.
            let warm = x - 0.13 * x * x * x + 0.06 * (x * x - 1.1)
            out[i] += warm * level * 0.5
        }
        step = goal
    }
}
