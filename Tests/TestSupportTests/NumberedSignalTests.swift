import FoundationEssentials
import Platform
import TestSupport
import Testing

@Suite struct NumberedSignalTests {
    @Test func `the same index is always the same frame`() {
        let frames = NumberedSignal.frames(from: 1_000_000, count: 5000)
        for place in stride(from: 0, to: 5000, by: 37) {
            let frame = NumberedSignal.sample(at: 1_000_000 + place)
            #expect(frames[2 * place] == frame.left && frames[2 * place + 1] == frame.right)
        }
    }

    @Test func `every place of ten hours can be told from the others`() {
        #expect(NumberedSignal.cycleFrames > 10 * 3600 * 44_100)
        var random = SplitMix64(seed: 7)
        for _ in 0..<40 {
            let index = Int.random(in: 0..<(10 * 3600 * 44_100), using: &random)
            let report = FarEnd.analyse(NumberedSignal.frames(from: index, count: 4410))
            #expect(report.runs == [.init(heard: 0..<4410, indices: index..<(index + 4410))])
        }
    }

    @Test func `it is loud enough to be heard and never clips`() {
        let samples = NumberedSignal.frames(from: 0, count: 44_100 * 60)
        let peak = samples.map { abs(Int($0)) }.max() ?? 0
        let power = samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(samples.count)
        #expect(peak > 10_000 && peak < 26_000)
        #expect((3900...4400).contains(power.squareRoot()))
    }

    @Test func `a track file holds its indices behind a WAV header`() throws {
        try withTemporaryDirectory { directory in
            try NumberedTrack.write(777..<100_777, to: "\(directory)/track.wav")
            let bytes = try #require(FileManager.default.contents(atPath: "\(directory)/track.wav"))
            #expect(bytes.count == 44 + 400_000)
            #expect(Array(bytes.prefix(44)) == NumberedTrack.wavHeader(dataBytes: 400_000))
            let pcm = "\(directory)/track.pcm"
            try bytes.dropFirst(44).write(to: URL(filePath: pcm))
            let report = FarEnd.analyse(try DecodedAudio(pcmFile: pcm))
            #expect(report.unbrokenIndices == 777..<100_777)
        }
    }
}
