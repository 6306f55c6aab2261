/// Tells what the far end heard, frame by frame, from the `NumberedSignal` that was sent.
///
/// It follows the signal in blocks of 1024 frames; a block must fit at its own place better than one or two frames
/// beside it. Where it does not, the next place is found without any hint and the edges in between are settled to
/// the frame (`EdgeFinder`). A minute takes well under a second.
///
/// Limits: pieces of signal shorter than 50 ms between two breaks count as unknown, as do pieces shorter than
/// 0.2 s inside a long unknown stretch. Starting at 128 kbit/s, ffmpeg's AAC encoder spoils up to a hundred frames
/// within its first 50 ms, which are told as unknown; at 160 kbit/s it does not. Gain may change slowly, by any factor over 0.02; polarity must stay.
public enum FarEnd {
    /// Through 128 kbit/s AAC nearly all blocks fit to over 0.98, the worst of an hour to 0.95. A block that fails only
    /// costs a closer look: the report changes only where `EdgeFinder` sees a reason.
    static let holdCorrelation: Float = 0.95
    static let findCorrelation: Float = 0.92
    static let leastGain: Float = 0.02
    /// How much of the signal's power the worst 64 frames of a block may miss.
    static let momentResidual: Float = 0.15
    /// -60 dBFS: more is sound.
    static let silenceLevel: Float = 0.001
    static let block = 1024
    static let window = 4096
    static let growth = 44 * 1024
    static let signalPower = Float(NumberedSignal.level * NumberedSignal.level)

    public static func analyse(_ audio: DecodedAudio) -> FarEndReport { audio.withSamples { analyse($0) } }

    /// - Parameter samples: interleaved stereo.
    public static func analyse(_ samples: [Int16]) -> FarEndReport { samples.withUnsafeBufferPointer { analyse($0) } }

    private static func analyse(_ samples: UnsafeBufferPointer<Int16>) -> FarEndReport {
        var tracker = FarEndTracker(sound: HeardSound(samples: samples))
        return tracker.report()
    }
}

/// One pass over one recording.
struct FarEndTracker {
    let sound: HeardSound
    private let finder = SignalFinder()
    private var pieces = PieceList()
    private var channels = ChannelCheck()

    init(sound: HeardSound) { self.sound = sound }

    mutating func report() -> FarEndReport {
        let total = sound.frameCount
        var position = 0
        /// Everything before it has been told.
        var settled = 0
        var place: SignalPlace?
        while position < total {
            if let here = place, let fit = sound.holds(block(at: position), offset: here.offset) {
                place?.gain = fit.gain
                channels.look(at: block(at: position), offset: here.offset, in: sound)
                position += FarEnd.block
                continue
            }
            // A block may hold although it is spoilt at its end, so the edge may lie in the two before.
            let start = place == nil ? settled : max(settled, position - 2 * FarEnd.block)
            let next = find(from: position)
            let end = next.map { $0.from + FarEnd.block / 2 } ?? total
            let told = settle(start..<end, before: place, after: next?.place, earliest: settled)
            if let here = place, let next, told.allSatisfy({ $0.0 == .signal(offset: here.offset) }),
                next.place.offset == here.offset
            {
                // Only a bad block: nothing is settled, for the edge of a long crossfade may still lie in it.
                (position, place) = (next.from + FarEnd.block, next.place)
                continue
            }
            for (kind, range) in told { pieces.append(kind, range) }
            let reached = told.last?.1.upperBound ?? end
            (position, settled, place) = (
                max(reached, next.map { $0.from + FarEnd.block } ?? total), reached, next?.place
            )
        }
        if let place { pieces.append(.signal(offset: place.offset), settled..<total) }
        return FarEndReport(
            frameCount: total, stretches: pieces.stretches(of: sound), channels: channels.verdict)
    }

    /// All from `earliest` to the end of `region`, or later. A long crossfade hardly disturbs its first and last blocks:
    /// where a mix reaches the region's edge, the region grows.
    private func settle(
        _ region: Range<Int>, before: SignalPlace?, after: SignalPlace?, earliest: Int
    ) -> [(PieceKind, Range<Int>)] {
        let edges = EdgeFinder(sound: sound, before: before, after: after)
        var region = region
        while true {
            let pieces = edges.pieces(region)
            var wider = region
            for case (.mixed, let mix) in pieces {
                if mix.lowerBound - region.lowerBound < 2 * FarEnd.block {
                    wider = max(earliest, region.lowerBound - FarEnd.growth)..<wider.upperBound
                }
                if region.upperBound - mix.upperBound < 2 * FarEnd.block, let after {
                    wider = wider.lowerBound..<held(from: region.upperBound, offset: after.offset)
                }
            }
            if wider == region {
                let lead = before.map { [(PieceKind.signal(offset: $0.offset), earliest..<region.lowerBound)] } ?? []
                return lead + pieces
            }
            region = wider
        }
    }

    /// How far the signal holds from `start` on; a second at most.
    private func held(from start: Int, offset: Int) -> Int {
        var end = start
        while end < start + FarEnd.growth, end + FarEnd.block <= sound.frameCount,
            sound.holds(end..<(end + FarEnd.block), offset: offset) != nil
        {
            end += FarEnd.block
        }
        return end
    }

    /// A block from `position` on; the last one reaches back, so that it is never too short to tell.
    private func block(at position: Int) -> Range<Int> {
        let end = min(position + FarEnd.block, sound.frameCount)
        return max(0, min(position, end - FarEnd.block / 2))..<end
    }

    /// The next place from which on the signal is heard for a block at least.
    private func find(from position: Int) -> (place: SignalPlace, from: Int)? {
        var from = position
        var tries = 0
        while sound.frameCount - from >= FarEnd.block {
            let long = from..<min(from + FarEnd.window, sound.frameCount)
            // Long unknown stretches are searched in longer steps, or they would take for ever.
            let isLong = tries > 64
            if sound.level(long) > FarEnd.silenceLevel {
                tries += 1
                let short = from..<min(from + FarEnd.window / 2, sound.frameCount)
                for window in isLong ? [long] : [long, short] {
                    if let found = verified(in: window) { return found }
                }
            }
            from += isLong ? FarEnd.window : FarEnd.block
        }
        return nil
    }

    private func verified(in window: Range<Int>) -> (place: SignalPlace, from: Int)? {
        let index = sound.mid(window).withUnsafeBufferPointer { finder.index(ofFirstIn: $0) }
        // The edge may lie a little inside the window.
        for from in stride(from: window.lowerBound, through: window.upperBound - FarEnd.block, by: FarEnd.block / 8) {
            let first = from..<(from + FarEnd.block)
            let rough = SignalPlace.normal(index - window.lowerBound)
            guard sound.fit(first, offset: rough).correlation >= FarEnd.findCorrelation else { continue }
            let offset = finder.refined(offset: rough, in: sound.mid(first), at: from)
            let second = first.upperBound..<min(first.upperBound + FarEnd.block, sound.frameCount)
            guard let fit = sound.holds(first, offset: offset) else { continue }
            if second.count < FarEnd.block / 4 || sound.holds(second, offset: offset) != nil {
                return (SignalPlace(offset: offset, gain: fit.gain), from)
            }
        }
        return nil
    }
}

/// Where in the signal a recording is: heard frame n is index n + offset, `gain` times as loud.
struct SignalPlace: Equatable {
    var offset: Int
    var gain: Float

    /// Offsets that mean the same have the same number: 0 ..< cycle.
    static func normal(_ offset: Int) -> Int {
        let cycle = NumberedSignal.cycleFrames
        return ((offset % cycle) + cycle) % cycle
    }
}

/// Listens whether left is still left.
private struct ChannelCheck {
    private var cross: Float = 0
    private var expected: Float = 0
    private var looks = 0

    mutating func look(at range: Range<Int>, offset: Int, in sound: HeardSound) {
        looks += 1
        guard looks % 16 == 1 else { return }
        let heard = sound.side(range)
        let wanted = [Float](unsafeUninitializedCapacity: range.count) { buffer, filled in
            NumberedSignal.side(
                UnsafeMutableBufferPointer(rebasing: buffer[..<range.count]), from: range.lowerBound + offset)
            filled = range.count
        }
        let gain = sound.fit(range, offset: offset).gain
        for (one, other) in zip(heard, wanted) {
            cross += one * other
            expected += other * other * gain
        }
    }

    var verdict: FarEndReport.Channels {
        guard expected > 0 else { return .untold }
        let share = cross / expected
        return share > 0.5 ? .straight : share < -0.5 ? .swapped : .mono
    }
}
