/// The station's own composer and orchestra: Indian lofi from a seed, with nothing to download.
public enum SynthEngine {
    /// Changes whenever an equal request would give different sound.
    public static let version = "1.0"

    /// Composes and renders one chunk.
    ///
    /// The result is interleaved stereo in -1...1 at 44.1 kHz, exactly `2 * request.frames` values, with fades of 8 ms at
    /// both ends. Memory beside the result does not grow with its length. `isCancelled` is asked, and `progress` told a
    /// share in 0...1 that never falls, about four times per second of music; the last share is 1.
    /// - Returns: nil if `isCancelled` said so before the end.
    public static func render(
        _ request: SynthRequest, isCancelled: () -> Bool, progress: (Double) -> Void
    ) -> [Float]? {
        let frames = max(request.frames, 0)
        var output: [Float]? = []
        if frames > 0 {
            var performance = Performance(request)
            output = performance.perform(frames: frames, isCancelled: isCancelled, progress: progress)
        }
        if output != nil { progress(1) }
        return output
    }
}

/// One render: the composer's cues, the band that plays them, and the block loop between.
struct Performance {
    private var sequencer: Sequencer
    private let band: Band
    private let master: Master
    private let leadInFrames: Int
    private static let block = Band.maximumFrames
    private static let blocksPerReport = 86

    init(_ request: SynthRequest) {
        let composer = Composer(request)
        let seed = composer.noiseSeed
        band = Band(mood: composer.mood, grid: composer.form.grid, seed: seed)
        master = Master(mood: composer.mood, seed: seed)
        leadInFrames = max(-composer.form.grid.frame(-composer.leadInBeats), 0)
        sequencer = Sequencer(composer: composer)
    }

    mutating func perform(frames: Int, isCancelled: () -> Bool, progress: (Double) -> Void) -> [Float]? {
        if isCancelled() { return nil }
        var output = [Float](repeating: 0, count: 2 * frames)
        // One block more than the lead-in, because the limiter gives each block back one block late.
        var at = -leadInFrames
        var blocks = 0
        while at - Performance.block < frames {
            playBlock(from: at)
            master.render(left: blockLeft.base, right: blockRight.base)
            write(to: &output, frames: frames, from: at - Performance.block)
            at += Performance.block
            blocks += 1
            if blocks % Performance.blocksPerReport == 0 {
                if isCancelled() { return nil }
                progress(min(max(Double(at) / Double(frames), 0), 0.999))
            }
        }
        return output
    }

    private let blockLeft = Samples(count: Performance.block)
    private let blockRight = Samples(count: Performance.block)

    /// Plays one block, stopping at every cue so that notes begin on their own frame.
    private mutating func playBlock(from start: Int) {
        let end = start + Performance.block
        var at = start
        while let cue = sequencer.next(before: end) {
            play(from: at, to: cue.frame, blockStart: start)
            at = max(at, cue.frame)
            band.start(cue.event)
        }
        play(from: at, to: end, blockStart: start)
    }

    private func play(from start: Int, to end: Int, blockStart: Int) {
        let count = end - start
        guard count > 0 else { return }
        band.render(frames: count)
        (blockLeft.base + (start - blockStart)).update(from: band.left.base, count: count)
        (blockRight.base + (start - blockStart)).update(from: band.right.base, count: count)
    }

    private func write(to output: inout [Float], frames: Int, from start: Int) {
        output.withUnsafeMutableBufferPointer { output in
            for i in 0..<Performance.block {
                let frame = start + i
                guard frame >= 0, frame < frames else { continue }
                let gain = Master.edge(frame: frame, of: frames)
                output[2 * frame] = blockLeft.base[i] * gain
                output[2 * frame + 1] = blockRight.base[i] * gain
            }
        }
    }
}
