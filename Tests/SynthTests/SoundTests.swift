import Testing

@testable import Synth

@Suite("What comes out of the synth")
struct SoundTests {
    @Test("an equal request gives equal sound, bit for bit")
    func isDeterministic() {
        let request = Listening.request(0, frames: 44_100 * 3)
        #expect(Listening.render(request) == Listening.render(request))
    }

    @Test("seed, prompt, chunk and text each change the sound")
    func differs() {
        let frames = 44_100 * 8
        let base = Listening.render(Listening.request(0, frames: frames))
        #expect(base != Listening.render(Listening.request(0, seed: 8, frames: frames)))
        #expect(base != Listening.render(Listening.request(1, frames: frames)))
        #expect(base != Listening.render(Listening.request(0, chunk: 1, frames: frames)))
        #expect(base != Listening.render(Listening.request(0, frames: frames, text: "rain on tin")))
    }

    @Test("every prompt is level, clean and unbroken", arguments: 0..<10)
    func isClean(prompt: Int) {
        let samples = Listening.render(Listening.request(prompt, chunk: prompt % 2, frames: 44_100 * 10))
        let peak = samples.map(abs).max() ?? 0
        #expect(samples.allSatisfy { $0.isFinite })
        #expect(peak <= 0.9)
        #expect(peak > 0.2)
        let left = Listening.side(samples, 0)
        let right = Listening.side(samples, 1)
        #expect(abs(Listening.mean(left)) < 0.001)
        #expect(abs(Listening.mean(right)) < 0.001)
        #expect(Listening.longestSilence(left, below: 0.005) < 1)
        let jump = Listening.worstJump(left)
        #expect(jump.score < 40, "at frame \(jump.frame)")
        let mono = zip(left, right).map { ($0 + $1) / 2 }
        let both = (Listening.level(left[...]) + Listening.level(right[...])) / 2
        #expect(Listening.level(mono[...]) > both * 0.8)
    }

    @Test("the click detector hears a click that was put there")
    func clickIsHeard() {
        var left = Listening.side(Listening.render(Listening.request(3)), 0)
        let before = Listening.worstJump(left).score
        for i in 200_000..<left.count { left[i] += 0.1 }
        let after = Listening.worstJump(left)
        #expect(after.score > 40)
        #expect(after.score > before * 1.5)
        #expect(abs(after.frame - 200_000) < 8)
    }

    @Test("the silence detector hears a silence that was put there")
    func silenceIsHeard() {
        var left = Listening.side(Listening.render(Listening.request(3)), 0)
        for i in 88_200..<176_400 { left[i] = 0 }
        #expect(Listening.longestSilence(left, below: 0.005) >= 1.9)
    }

    @Test("the count is exact at odd lengths", arguments: [0, 1, 2, 127, 129, 4_411, 44_101, 88_199])
    func countIsExact(frames: Int) {
        let samples = Listening.render(Listening.request(5, frames: frames))
        #expect(samples.count == 2 * frames)
        #expect(samples.allSatisfy { abs($0) <= 0.9 })
    }

    @Test("negative length gives no sound and does not trap")
    func negativeLength() {
        #expect(Listening.render(Listening.request(5, frames: -3)).isEmpty)
    }

    @Test("both ends of a chunk are faded")
    func endsAreFaded() {
        let samples = Listening.render(Listening.request(7, frames: 44_100 * 2))
        #expect(abs(samples[0]) < 0.001)
        #expect(abs(samples[samples.count - 1]) < 0.001)
    }

    @Test("cancelling gives nil, at once or on the way")
    func cancels() {
        let request = Listening.request(2, frames: 44_100 * 20)
        #expect(SynthEngine.render(request, isCancelled: { true }, progress: { _ in }) == nil)
        var asked = 0
        var last = 0.0
        let result = SynthEngine.render(
            request,
            isCancelled: {
                asked += 1
                return asked > 30
            }, progress: { last = $0 })
        #expect(result == nil)
        #expect(last > 0 && last < 0.9)
    }

    @Test("progress never falls and ends at one")
    func progressIsMonotone() {
        var reports: [Double] = []
        _ = SynthEngine.render(
            Listening.request(4, frames: 44_100 * 10), isCancelled: { false }, progress: { reports.append($0) })
        #expect(reports.count > 20)
        #expect(zip(reports, reports.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(reports.last == 1)
        #expect(reports.dropLast().allSatisfy { (0..<1).contains($0) })
    }
}
