extension DecodedAudio {
    /// Where nothing at all is heard: stretches of at least `framesMin` frames whose samples are all within
    /// `sampleMax` of zero.
    public func digitalSilences(framesMin: Int, sampleMax: Int16 = 1) -> [Range<Int>] {
        withSamples { samples in
            var found: [Range<Int>] = []
            var begin = 0
            let frames = samples.count / 2
            for frame in 0...frames {
                if frame < frames, abs(Int(samples[2 * frame])) <= sampleMax,
                    abs(Int(samples[2 * frame + 1])) <= sampleMax
                {
                    continue
                }
                if frame - begin >= framesMin { found.append(begin..<frame) }
                begin = frame + 1
            }
            return found
        }
    }
}
