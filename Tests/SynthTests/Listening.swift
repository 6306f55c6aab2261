@testable import Synth

/// What a listener with instruments would measure.
enum Listening {
    static func request(
        _ prompt: Int, seed: UInt64 = 7, chunk: Int = 0, frames: Int = 44_100 * 12, text: String = ""
    ) -> SynthRequest {
        SynthRequest(promptIndex: prompt, promptText: text, seed: seed, chunkIndex: chunk, frames: frames)
    }

    static func render(_ request: SynthRequest) -> [Float] {
        SynthEngine.render(request, isCancelled: { false }, progress: { _ in }) ?? []
    }

    /// One side of an interleaved pair.
    static func side(_ samples: [Float], _ side: Int) -> [Float] {
        stride(from: side, to: samples.count, by: 2).map { samples[$0] }
    }

    static func mean(_ samples: [Float]) -> Double {
        samples.reduce(0.0) { $0 + Double($1) } / Double(max(samples.count, 1))
    }

    /// Root mean square.
    static func level(_ samples: ArraySlice<Float>) -> Double {
        let sum = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
        return (sum / Double(max(samples.count, 1))).squareRoot()
    }

    /// The worst jump: the largest third difference of a side over the level of the same differences in the 20 ms
    /// around it. Music, even struck, spreads its differences; a broken wave has one far above its neighbours.
    static func worstJump(_ samples: [Float]) -> (score: Double, frame: Int) {
        guard samples.count > 2_000 else { return (0, 0) }
        var differences = [Double](repeating: 0, count: samples.count - 3)
        for i in differences.indices {
            let a = Double(samples[i + 3]) - Double(samples[i])
            let b = Double(samples[i + 2]) - Double(samples[i + 1])
            differences[i] = abs(a - 3 * b)
        }
        var running = [0.0]
        running.reserveCapacity(differences.count + 1)
        var total = 0.0
        for difference in differences {
            total += difference * difference
            running.append(total)
        }
        var worst = (score: 0.0, frame: 0)
        let half = 441
        for i in half..<(differences.count - half) {
            let around = running[i + half] - running[i - half] - (running[i + 4] - running[i - 4])
            let local = (max(around, 0) / Double(2 * half)).squareRoot()
            // Below this floor a jump is under the noise of the room.
            let score = differences[i] / (local + 0.002)
            if score > worst.score { worst = (score, i) }
        }
        return worst
    }

    /// The longest run, in seconds, quieter than `threshold` in steps of 50 ms.
    static func longestSilence(_ samples: [Float], below threshold: Double) -> Double {
        let step = 2_205
        var longest = 0
        var run = 0
        var at = 0
        while at < samples.count {
            let isQuiet = level(samples[at..<min(at + step, samples.count)]) < threshold
            run = isQuiet ? run + 1 : 0
            longest = max(longest, run)
            at += step
        }
        return Double(longest) * 0.05
    }
}
