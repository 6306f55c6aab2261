import Domain
import Glibc

/// A test signal in which every frame tells its own number.
///
/// Three buzzes of 1187, 1193 and 1201 frames run on top of each other. A window of a few thousand frames tells the
/// phase of each, and the three phases together tell the frame's index (Chinese remainder), anywhere in
/// `cycleFrames` (10.7 hours). All of it lies between 300 Hz and 3.9 kHz, where a lossy codec keeps the waveform and
/// does not put noise in its place. A faint fourth buzz between the channels tells left from right.
public enum NumberedSignal {
    /// The lengths of the three buzzes, in frames; coprime.
    static let periods = [1187, 1193, 1201]

    /// The number of distinct frames; the signal begins again after them.
    public static let cycleFrames = 1187 * 1193 * 1201

    /// RMS of the mid channel (half of left plus right), where full scale is 1: -18 dBFS.
    public static let level = 0.126

    /// The frame at `index`, 0 ..< `cycleFrames`.
    public static func sample(at index: Int) -> (left: Int16, right: Int16) {
        var frame: [Int16] = [0, 0]
        frame.withUnsafeMutableBufferPointer { fill($0, from: index) }
        return (frame[0], frame[1])
    }

    /// `count` frames from `index`, interleaved: left, right, left, ...
    public static func frames(from index: Int, count: Int) -> [Int16] {
        [Int16](unsafeUninitializedCapacity: count * 2) { buffer, filled in
            fill(UnsafeMutableBufferPointer(rebasing: buffer[..<(count * 2)]), from: index)
            filled = count * 2
        }
    }

    /// The frames of `indices`, interleaved.
    public static func frames(_ indices: Range<Int>) -> [Int16] {
        frames(from: indices.lowerBound, count: indices.count)
    }

    /// Fills `buffer` with interleaved frames from `index` on.
    public static func fill(_ buffer: UnsafeMutableBufferPointer<Int16>, from index: Int) {
        let tables = SignalTables.shared
        forEachPhase(from: index, count: buffer.count / 2) { place, first, second, third in
            let mid = tables.buzz[0][first] + tables.buzz[1][second] + tables.buzz[2][third]
            let side = tables.side[first]
            buffer[place * 2] = Int16(((mid + side) * 32_767).rounded())
            buffer[place * 2 + 1] = Int16(((mid - side) * 32_767).rounded())
        }
    }

    /// The mid channel from `index` on, which may lie outside of the cycle: it is taken round.
    static func mid(_ buffer: UnsafeMutableBufferPointer<Float>, from index: Int) {
        let tables = SignalTables.shared
        forEachPhase(from: index, count: buffer.count) { place, first, second, third in
            buffer[place] = tables.buzz[0][first] + tables.buzz[1][second] + tables.buzz[2][third]
        }
    }

    /// The side channel (half of left minus right) from `index` on.
    static func side(_ buffer: UnsafeMutableBufferPointer<Float>, from index: Int) {
        let tables = SignalTables.shared
        forEachPhase(from: index, count: buffer.count) { place, first, _, _ in buffer[place] = tables.side[first] }
    }

    @inline(__always)
    private static func forEachPhase(from index: Int, count: Int, _ body: (Int, Int, Int, Int) -> Void) {
        let start = ((index % cycleFrames) + cycleFrames) % cycleFrames
        var first = start % 1187
        var second = start % 1193
        var third = start % 1201
        for place in 0..<count {
            body(place, first, second, third)
            first = first == 1186 ? 0 : first + 1
            second = second == 1192 ? 0 : second + 1
            third = third == 1200 ? 0 : third + 1
        }
    }
}

/// One round of each buzz.
struct SignalTables: Sendable {
    static let shared = SignalTables()

    let buzz: [[Float]]
    let side: [Float]

    private init() {
        let share = NumberedSignal.level / 3.0.squareRoot()
        buzz = NumberedSignal.periods.enumerated().map { number, period in
            Self.round(frames: period, rms: share, seed: UInt64(number) + 1)
        }
        side = Self.round(frames: NumberedSignal.periods[0], rms: NumberedSignal.level / 8, seed: 4)
    }

    /// Every harmonic between 300 Hz and 3.9 kHz at the same strength and a phase of its own.
    private static func round(frames: Int, rms: Double, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        let base = Double(StationAudio.framesPerSecond) / Double(frames)
        let harmonics = Int((300 / base).rounded(.up))...Int(3900 / base)
        let amplitude = rms * (2 / Double(harmonics.count)).squareRoot()
        let phases = harmonics.map { _ in random.unit() * 2 * .pi }
        return (0..<frames).map { frame in
            var sum = 0.0
            for (harmonic, phase) in zip(harmonics, phases) {
                sum += cos(2 * .pi * Double(harmonic * frame % frames) / Double(frames) + phase)
            }
            return Float(sum * amplitude)
        }
    }
}
