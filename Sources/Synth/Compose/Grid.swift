/// The one tempo everything keeps: beats to frames, with the off-beat leaning back by the swing.
struct Grid: Sendable {
    let beatsPerMinute: Double
    let swing: Double

    var secondsPerBeat: Double { 60 / beatsPerMinute }

    /// The frame of a beat counted from the start of the chunk; negative before it.
    func frame(_ beat: Double, lagSeconds: Double = 0) -> Int {
        let whole = beat.rounded(.down)
        let part = beat - whole
        let swung = part < 0.5 ? part * 2 * swing : swing + (part - 0.5) * 2 * (1 - swing)
        return Int((((whole + swung) * secondsPerBeat + lagSeconds) * Double(SampleRate.hertz)).rounded())
    }
}
