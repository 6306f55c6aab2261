import Glibc
import TestSupport
import Testing

/// A recording put together from pieces of signal, silence and other sound.
private struct Tape {
    var samples: [Int16] = []
    var frames: Int { samples.count / 2 }

    mutating func signal(_ indices: Range<Int>) { samples += NumberedSignal.frames(indices) }
    mutating func silence(_ frames: Int) { samples += [Int16](repeating: 0, count: 2 * frames) }

    mutating func noise(_ frames: Int) {
        var random = SplitMix64(seed: 99)
        let second = (0..<88_200).map { _ in Int16(truncatingIfNeeded: Int(random.next() % 10_000) - 5000) }
        for start in stride(from: 0, to: 2 * frames, by: second.count) { samples += second.prefix(2 * frames - start) }
    }

    /// `frames` of `leaving` going and `coming` appearing, in a straight line.
    mutating func crossfade(leaving: Int, coming: Int, frames: Int) {
        let old = NumberedSignal.frames(from: leaving, count: frames)
        let new = NumberedSignal.frames(from: coming, count: frames)
        samples += (0..<(2 * frames)).map { place in
            let share = Double(place / 2) / Double(frames)
            return Int16(Double(old[place]) * (1 - share) + Double(new[place]) * share)
        }
    }
}

/// What a tape sounds like at the far end: as it is, or through the codec.
enum Carriage: String, CaseIterable, CustomTestStringConvertible {
    case pcm, aac160, aac128

    var testDescription: String { rawValue }
    static var present: [Carriage] { TestTool.hasFFmpeg ? allCases : [.pcm] }

    func carry(_ samples: [Int16]) throws -> FarEndReport {
        guard self != .pcm else { return FarEnd.analyse(samples) }
        return try withTemporaryDirectory { directory in
            try encodeAAC(samples, kilobits: self == .aac160 ? 160 : 128, to: "\(directory)/sound.flv")
            return FarEnd.analyse(try decodePCM("\(directory)/sound.flv", to: "\(directory)/sound.pcm"))
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct FarEndTests {
    @Test(arguments: Carriage.present)
    func `a whole signal is one run with nothing lost`(carriage: Carriage) throws {
        var tape = Tape()
        tape.signal(1_000_000..<1_441_000)
        let report = try carriage.carry(tape.samples)
        let heard = try #require(report.unbrokenIndices, "\(report)")
        // The codec's first block may smear the edge; frames after the last may be padding.
        #expect(abs(heard.lowerBound - 1_000_000) <= 64 && abs(heard.upperBound - 1_441_000) <= 64, "\(report)")
        #expect(report.channels == .straight)
    }

    @Test(arguments: Carriage.present, [1, 2, 441, -1, -3, -441, 1_416_091])
    func `a jump is told to the frame`(carriage: Carriage, jump: Int) throws {
        var tape = Tape()
        tape.signal(2_020_000..<2_060_000)
        tape.signal((2_060_000 + jump)..<(2_100_000 + jump))
        let report = try carriage.carry(tape.samples)
        // At 128 kbit/s the encoder spoils a hundred frames of its second block: that is told too, and no jump.
        let breaks = report.breaks.filter { $0.heard.lowerBound > 3072 }
        #expect(breaks.map(\.lostFrames) == [jump], "\(report)")
        #expect(breaks.allSatisfy { $0.isExact }, "\(report)")
        let edge = try #require(report.runs.dropLast().last).indices.upperBound
        #expect(abs(edge - 2_060_000) <= 12, "\(report)")
    }

    @Test(arguments: Carriage.present, [44, 441, 4410, 132_300])
    func `silence put in is measured, and the shift is exact`(carriage: Carriage, frames: Int) throws {
        var tape = Tape()
        tape.signal(0..<90_000)
        tape.silence(frames)
        tape.signal(90_000..<180_000)
        let report = try carriage.carry(tape.samples)
        let gap = try #require(report.breaks.first, "\(report)")
        #expect(report.breaks.count == 1 && gap.shift == -frames, "\(report)")
        #expect(abs(gap.silentFrames - frames) <= 24 && gap.unknownFrames == 0, "\(report)")
        #expect(abs(gap.lostFrames) <= 24, "\(report)")
    }

    @Test(arguments: Carriage.present, [441, 20_000])
    func `sound replaced by silence is a silence without a shift`(carriage: Carriage, frames: Int) throws {
        var tape = Tape()
        tape.signal(500_000..<590_000)
        tape.silence(frames)
        tape.signal((590_000 + frames)..<680_000)
        let report = try carriage.carry(tape.samples)
        let gap = try #require(report.breaks.first, "\(report)")
        #expect(report.breaks.count == 1 && gap.shift == 0, "\(report)")
        #expect(abs(gap.silentFrames - frames) <= 24 && gap.unknownFrames == 0, "\(report)")
        #expect(!report.isUnbroken)
    }

    @Test(arguments: Carriage.present.filter { $0 != .aac128 })
    func `a dropout of a single millisecond is found`(carriage: Carriage) throws {
        var tape = Tape()
        tape.signal(500_000..<590_000)
        tape.silence(44)
        tape.signal(590_044..<680_000)
        let report = try carriage.carry(tape.samples)
        #expect(report.breaks.map(\.shift) == [0], "\(report)")
        #expect(report.breaks.allSatisfy { (20...70).contains($0.silentFrames) }, "\(report)")
    }

    @Test(arguments: Carriage.present)
    func `two pieces that changed places are seen as three jumps`(carriage: Carriage) throws {
        var tape = Tape()
        tape.signal(0..<50_000)
        tape.signal(70_000..<90_000)
        tape.signal(50_000..<70_000)
        tape.signal(90_000..<140_000)
        let report = try carriage.carry(tape.samples)
        #expect(report.breaks.map(\.lostFrames) == [20_000, -40_000, 20_000], "\(report)")
    }

    @Test(arguments: Carriage.present)
    func `a crossfade of two tracks is a mix with both of them whole`(carriage: Carriage) throws {
        var tape = Tape()
        tape.signal(0..<100_000)
        tape.crossfade(leaving: 100_000, coming: 5_000_000, frames: 88_200)
        tape.signal(5_088_200..<5_200_000)
        let report = try carriage.carry(tape.samples)
        let mix = try #require(report.breaks.first, "\(report)")
        #expect(report.runs.count == 2 && mix.unknownFrames == 0 && mix.silentFrames == 0, "\(report)")
        #expect(mix.shift == 5_000_000 - 100_000, "\(report)")
        #expect((75_000...88_200).contains(mix.mixedFrames), "\(report)")
    }

    @Test(arguments: Carriage.present)
    func `other sound is unknown, and the way back from it is found`(carriage: Carriage) throws {
        var tape = Tape()
        tape.noise(120_000)
        tape.signal(300_000..<400_000)
        tape.noise(30_000)
        tape.signal(400_000..<450_000)
        let report = try carriage.carry(tape.samples)
        #expect(report.breaks.map(\.shift) == [-30_000], "\(report)")
        let gap = try #require(report.breaks.first)
        #expect(abs(gap.unknownFrames - 30_000) <= 600 && gap.silentFrames <= 200, "\(report)")
        #expect(report.unknowns.count == 2, "\(report)")
    }

    @Test(arguments: Carriage.present)
    func `quieter or louder is still the signal`(carriage: Carriage) throws {
        var tape = Tape()
        tape.signal(0..<200_000)
        for place in tape.samples.indices {
            let gain = 0.1 + 1.3 * Double(place) / Double(tape.samples.count)
            tape.samples[place] = Int16(Double(tape.samples[place]) * gain)
        }
        let report = try carriage.carry(tape.samples)
        #expect(report.isUnbroken, "\(report)")
    }

    @Test func `swapped channels and mono are told`() {
        let straight = NumberedSignal.frames(0..<100_000)
        let swapped = straight.indices.map { straight[$0 ^ 1] }
        let mono = straight.indices.map { Int16((Int(straight[$0 & ~1]) + Int(straight[$0 | 1])) / 2) }
        #expect(FarEnd.analyse(straight).channels == .straight)
        #expect(FarEnd.analyse(swapped).channels == .swapped)
        #expect(FarEnd.analyse(mono).channels == .mono)
        #expect(FarEnd.analyse(mono).isUnbroken)
    }

    @Test func `a click of a few samples is seen`() throws {
        var samples = NumberedSignal.frames(0..<100_000)
        for frame in 50_000..<50_008 { samples[2 * frame] = frame % 2 == 0 ? 32_000 : -32_000 }
        for frame in 50_000..<50_008 { samples[2 * frame + 1] = 32_000 }
        let report = FarEnd.analyse(samples)
        #expect(!report.isUnbroken, "\(report)")
        #expect(report.breaks.first?.shift == 0)
        #expect(report.breaks.first.map { abs($0.heard.lowerBound - 50_000) <= 8 } == true, "\(report)")
    }

    @Test func `nothing, silence and too little are told as they are`() {
        #expect(FarEnd.analyse([]).stretches.isEmpty)
        let silent = FarEnd.analyse([Int16](repeating: 0, count: 200_000))
        #expect(silent.stretches == [.silence(heard: 0..<100_000, digital: true)])
        #expect(!silent.isUnbroken && silent.channels == .untold)
        #expect(FarEnd.analyse(NumberedSignal.frames(0..<100)).runs.isEmpty)
    }

    @Test func `a report reads as a log`() {
        var tape = Tape()
        tape.signal(0..<44_100)
        tape.signal(44_541..<88_200)
        #expect(
            FarEnd.analyse(tape.samples).description == """
                heard 1.9900 s (87759 frames), 2 run(s), channels straight
                  0.0000 s  signal 0..<44100 for 1.0000 s (44100 frames)
                           break: 441 frames (0.0100 s) lost, shift 441
                  1.0000 s  signal 44541..<88200 for 0.9900 s (43659 frames)
                """)
    }

    @Test func `a minute is analysed in less than three seconds, even where it is all unknown`() {
        for (name, samples) in [
            ("signal", NumberedSignal.frames(from: 0, count: 60 * 44_100)),
            (
                "noise",
                {
                    var tape = Tape(); tape.noise(60 * 44_100); return tape.samples
                }()
            ),
        ] {
            let start = threadSeconds()
            let report = FarEnd.analyse(samples)
            let seconds = threadSeconds() - start
            #expect(report.frameCount == 60 * 44_100)
            #expect(seconds < 3, "\(name) took \(seconds) s")
        }
    }

    @Test(arguments: Carriage.present.filter { $0 != .aac128 }, 0..<3)
    func `six breaks put in at random are told, each with its shift`(carriage: Carriage, seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        var tape = Tape()
        var shifts: [Int] = []
        var silences: [Int] = []
        var index = Int.random(in: 0..<1_000_000_000, using: &random)
        for number in 0...6 {
            let run = Int.random(in: 8000..<30_000, using: &random)
            tape.signal(index..<(index + run))
            index += run
            if number == 6 { break }
            let jump = Int.random(in: -3000..<3000, using: &random)
            let silence = Bool.random(using: &random) ? Int.random(in: 200..<20_000, using: &random) : 0
            tape.silence(silence)
            index += jump
            shifts.append(jump - silence)
            silences.append(silence)
        }
        let report = try carriage.carry(tape.samples)
        #expect(report.breaks.map(\.shift) == shifts, "\(report)")
        for (found, silence) in zip(report.breaks, silences) {
            #expect(abs(found.silentFrames - silence) <= 24, "\(report)")
        }
    }

    /// The processor's time and not the clock's: other tests run at the same time.
    private func threadSeconds() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}
