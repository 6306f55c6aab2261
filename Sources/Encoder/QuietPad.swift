internal import Domain
internal import Glibc

/// What is heard when there is nothing to play: a quiet open fifth that breathes, so that a listener knows the
/// station lives. It never ends and needs nothing.
struct QuietPad {
    /// How far it is.
    private(set) var frame: Int
    /// Frames over which the pad fades in.
    private static let fadeFrames = 4096.0

    /// - Parameter frame: where it goes on; from 0 it fades in.
    init(frame: Int = 0) { self.frame = frame }

    /// Goes back to silence, to fade in again.
    mutating func restart() { frame = 0 }

    /// The next frames, interleaved.
    mutating func next(frames: Int) -> [Int16] {
        var samples: [Int16] = []
        samples.reserveCapacity(frames * StationAudio.channels)
        for _ in 0..<frames {
            let seconds = Double(frame) / Double(StationAudio.framesPerSecond)
            let breath = 0.6 + 0.4 * sin(2 * .pi * seconds / 11)
            let level = min(1, Double(frame) / Self.fadeFrames) * breath * 900
            let tone = { (hertz: Double) in sin(2 * .pi * hertz * seconds) }
            let middle = tone(138.59) + 0.6 * tone(207.65)
            samples.append(Int16(level * (middle + 0.2 * tone(277.5))))
            samples.append(Int16(level * (middle + 0.2 * tone(276.9))))
            frame += 1
        }
        return samples
    }
}
