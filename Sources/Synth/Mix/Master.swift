internal import Glibc

/// The end of the chain: tape, the world outside the window, level, limiter, and the edges of the chunk.
final class Master {
    static let ceiling: Float = 0.89
    private static let edgeSeconds: Float = 0.008

    private let tape: TapeDeck
    private let ambience: Ambience
    private var limiter = Limiter(ceiling: Master.ceiling)
    private let gain: Float
    private let heldLeft = Samples(count: Band.maximumFrames)
    private let heldRight = Samples(count: Band.maximumFrames)
    private var heldPeak: Float = 0

    init(mood: Mood, seed: UInt64) {
        tape = TapeDeck(wow: mood.wow, drive: mood.drive, topHertz: mood.topHertz)
        ambience = Ambience(recipe: mood.ambience, seed: seed)
        gain = mood.gain
    }

    /// Takes one full block and gives back, in the same memory, the block before it.
    func render(left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>) {
        let frames = Band.maximumFrames
        tape.render(left: left, right: right, frames: frames)
        ambience.render(addingLeft: left, right: right, frames: frames)
        for i in 0..<frames {
            left[i] *= gain
            right[i] *= gain
        }
        let peak = Limiter.peak(left: left, right: right, frames: frames)
        limiter.render(left: heldLeft.base, right: heldRight.base, frames: frames, peak: heldPeak, nextPeak: peak)
        for i in 0..<frames {
            swap(&left[i], &heldLeft.base[i])
            swap(&right[i], &heldRight.base[i])
        }
        heldPeak = peak
    }

    /// The gain of a frame of the chunk: a quick fade at both ends, one everywhere else.
    static func edge(frame: Int, of frames: Int) -> Float {
        let length = min(Int(edgeSeconds * SampleRate.hertz), frames / 2)
        let distance = min(frame, frames - 1 - frame)
        guard distance < length else { return 1 }
        let x = (Float(distance) + 0.5) / Float(length)
        return 0.5 - 0.5 * cosf(Float.pi * x)
    }
}
