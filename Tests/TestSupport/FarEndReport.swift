import Domain

/// What the far end heard, from its first frame to its last.
public struct FarEndReport: Sendable, Equatable {
    /// One piece of what was heard. `heard` counts frames of the recording; indices are those of `NumberedSignal`.
    public enum Stretch: Sendable, Hashable {
        /// The frames of `indices`, each once and in order.
        case signal(heard: Range<Int>, indices: Range<Int>)
        /// Two pieces of the signal at once: a crossfade. Its edges are good to a few hundred frames.
        case mixed(heard: Range<Int>, leaving: Range<Int>, coming: Range<Int>)
        /// Nothing, or what a codec makes of nothing.
        case silence(heard: Range<Int>, digital: Bool)
        /// Sound that is not the signal, or is spoilt beyond recognition.
        case unknown(heard: Range<Int>)

        public var heard: Range<Int> {
            switch self {
            case .signal(let heard, _), .mixed(let heard, _, _), .silence(let heard, _), .unknown(let heard): heard
            }
        }
    }

    /// An unbroken piece of signal.
    public struct Run: Sendable, Hashable {
        public var heard: Range<Int>
        public var indices: Range<Int>

        public init(heard: Range<Int>, indices: Range<Int>) {
            self.heard = heard
            self.indices = indices
        }
    }

    /// What lies between two runs.
    public struct Break: Sendable, Hashable {
        /// Frames of the recording from the end of one run to the start of the next; empty for a plain jump.
        public var heard: Range<Int>
        /// How much later the signal is after the break than without it, in frames: always exact. A plain cut of n
        /// frames: n; n frames repeated or n frames of silence put in: -n; a crossfade of n frames: n.
        public var shift: Int
        public var silentFrames: Int
        public var mixedFrames: Int
        public var unknownFrames: Int

        /// Frames of the signal that were not heard; negative: heard twice. Exact where the break is a plain jump,
        /// otherwise as good as the edges of what lies between (some 20 frames for silence, hundreds for a mix).
        public var lostFrames: Int { shift + silentFrames + unknownFrames - mixedFrames }
        /// True for a jump with nothing in between, where `lostFrames` is exact.
        public var isExact: Bool { heard.isEmpty }
    }

    public enum Channels: Sendable, Hashable {
        case straight, swapped, mono
        /// Too little signal to tell.
        case untold
    }

    /// Frames heard in all.
    public var frameCount: Int
    /// In order, without holes; neighbours differ.
    public var stretches: [Stretch]
    public var channels: Channels

    public var runs: [Run] {
        stretches.compactMap { stretch in
            guard case .signal(let heard, let indices) = stretch else { return nil }
            return Run(heard: heard, indices: indices)
        }
    }

    /// Where nothing was heard, the beginning and the end included.
    public var silences: [Range<Int>] {
        stretches.compactMap { stretch in
            guard case .silence(let heard, _) = stretch else { return nil }
            return heard
        }
    }

    public var unknowns: [Range<Int>] {
        stretches.compactMap { stretch in
            guard case .unknown(let heard) = stretch else { return nil }
            return heard
        }
    }

    /// What lies between each run and the next.
    public var breaks: [Break] {
        let runs = runs
        return zip(runs, runs.dropFirst()).map { before, after in
            let between = before.heard.upperBound..<after.heard.lowerBound
            var found = Break(
                heard: between,
                shift: Self.nearest(
                    (after.indices.lowerBound - after.heard.lowerBound)
                        - (before.indices.lowerBound - before.heard.lowerBound)),
                silentFrames: 0, mixedFrames: 0, unknownFrames: 0)
            for stretch in stretches where between.contains(stretch.heard.lowerBound) {
                switch stretch {
                case .signal: break
                case .mixed: found.mixedFrames += stretch.heard.count
                case .silence: found.silentFrames += stretch.heard.count
                case .unknown: found.unknownFrames += stretch.heard.count
                }
            }
            return found
        }
    }

    /// True when there is signal, and between its first and its last frame nothing is lost, repeated or disturbed.
    public var isUnbroken: Bool { runs.count == 1 }

    /// The indices from the first run's first to the last run's last, where nothing is missing in between.
    public var unbrokenIndices: Range<Int>? { isUnbroken ? runs.first?.indices : nil }

    /// The difference of two places in the signal, which begins again after its cycle.
    static func nearest(_ difference: Int) -> Int {
        let cycle = NumberedSignal.cycleFrames
        let wrapped = ((difference % cycle) + cycle) % cycle
        return wrapped > cycle / 2 ? wrapped - cycle : wrapped
    }
}

extension FarEndReport: CustomStringConvertible {
    /// A line for each stretch and each break, as a person reads a log.
    public var description: String {
        var lines = [
            "heard \(Self.seconds(frameCount)) (\(frameCount) frames), \(runs.count) run(s), channels \(channels)"
        ]
        var breaks = breaks[...]
        var previousRun = false
        for stretch in stretches {
            if case .signal = stretch {
                if previousRun, let found = breaks.popFirst() { lines.append("           break: \(found)") }
                previousRun = true
            }
            lines.append("  \(Self.seconds(stretch.heard.lowerBound))  \(Self.words(stretch))")
        }
        return lines.joined(separator: "\n")
    }

    private static func words(_ stretch: Stretch) -> String {
        let length = "\(seconds(stretch.heard.count)) (\(stretch.heard.count) frames)"
        return switch stretch {
        case .signal(_, let indices): "signal \(indices) for \(length)"
        case .mixed(_, let leaving, let coming): "\(leaving) and \(coming) mixed for \(length)"
        case .silence(_, let digital): "\(digital ? "digital silence" : "silence") for \(length)"
        case .unknown: "unknown sound for \(length)"
        }
    }

    /// Seconds to the tenth of a millisecond.
    static func seconds(_ frames: Int) -> String {
        let parts = Int((StationAudio.seconds(ofFrames: frames) * 10_000).rounded())
        return "\(parts / 10_000).\(String(10_000 + parts % 10_000).dropFirst()) s"
    }
}

extension FarEndReport.Break: CustomStringConvertible {
    public var description: String {
        let about = isExact ? "" : "about "
        let what =
            switch lostFrames {
            case 0: "nothing lost"
            case 1...: "\(about)\(lostFrames) frames (\(FarEndReport.seconds(lostFrames))) lost"
            default: "\(about)\(-lostFrames) frames (\(FarEndReport.seconds(-lostFrames))) repeated"
            }
        let between = [
            (silentFrames, "silent"), (mixedFrames, "mixed"), (unknownFrames, "unknown"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return ([what] + between + ["shift \(shift)"]).joined(separator: ", ")
    }
}
