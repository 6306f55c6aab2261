internal import Buffer
internal import Domain
internal import Glibc
internal import IPC
internal import Platform

/// The sound of one item on the timeline: any frame of it can be computed at any time, by any feeder, and is the same.
struct ItemSound {
    let item: FeedItem
    private let track: WAVReader
    private let previous: WAVReader?
    private let edges: Edges

    /// How tracks begin and end where they are not joined to another, so that no edge is hard.
    struct Edges: Sendable {
        /// At a beginning: long enough for no click, short enough to take nothing from an attack.
        var riseFrames = StationAudio.framesPerSecond / 50
        /// Before a silence: a station fades out, it does not cut.
        var fallFrames: Int
    }

    /// - Throws: `WAVError` when the track cannot be read. A crossfade whose other side has gone becomes a fade-in.
    init(_ item: FeedItem, fallFrames: Int) throws(WAVError) {
        self.item = item
        track = try WAVReader(path: item.file, format: .station)
        previous = item.previousFile.flatMap { try? WAVReader(path: $0, format: .station) }
        // No earlier than the handover: what has been sent by then cannot be faded any more.
        let free = track.frames - (item.joint == .crossfade ? item.jointFrames : 0)
        edges = Edges(fallFrames: max(0, min(fallFrames, free / 2)))
    }

    /// Frames of the item when it is played to its end.
    var length: Int { (item.joint == .silence ? item.jointFrames : 0) + track.frames }

    /// Frames of the item before it hands over to the next by a crossfade of `crossfade` frames.
    func length(handingOver crossfade: Int) -> Int { length - crossfade }

    /// The longest crossfade with which this item can end: the joint it began with must be over by then.
    func crossfadeMax(wanted: Int) -> Int {
        let free = track.frames - (item.joint == .crossfade ? item.jointFrames : 0)
        return max(0, min(wanted, free / 2))
    }

    /// Frames `offset ..< offset + count` of the item, interleaved.
    /// - Parameter fallsAtEnd: true when nothing is joined to the end, which then fades out.
    func frames(at offset: Int, count: Int, fallsAtEnd: Bool) throws(SystemError) -> [Int16] {
        var samples = [Int16](repeating: 0, count: count * StationAudio.channels)
        let silence = item.joint == .silence ? item.jointFrames : 0
        let skipped = max(0, min(count, silence - offset))
        guard skipped < count else { return samples }
        let from = offset + skipped - silence
        let own = try track.read(at: from, count: count - skipped)
        for at in own.indices { samples[skipped * StationAudio.channels + at] = own[at] }
        if item.joint == .crossfade, from < item.jointFrames {
            try mix(into: &samples, from: from)
        } else if from < edges.riseFrames {
            scale(&samples, first: skipped, from: from) { min(1, Float($0) / Float(edges.riseFrames)) }
        }
        let fallBegins = track.frames - edges.fallFrames
        if fallsAtEnd, from + count - skipped > fallBegins {
            scale(&samples, first: skipped, from: from) { frame in
                let left = Float(track.frames - frame) / Float(max(1, edges.fallFrames))
                return left >= 1 ? 1 : left * left * (3 - 2 * left)
            }
        }
        return samples
    }

    /// Equal power, because the two sides are not correlated: what one loses in energy the other gains.
    private func mix(into samples: inout [Int16], from: Int) throws(SystemError) {
        let frames = samples.count / StationAudio.channels
        let joint = item.jointFrames
        let mixed = min(frames, joint - from)
        let tailBegins = (previous?.frames ?? 0) - joint + from
        let tail = tailBegins >= 0 ? try previous?.read(at: tailBegins, count: mixed) ?? [] : []
        for frame in 0..<mixed {
            let angle = Float(from + frame) / Float(joint) * .pi / 2
            let (rising, falling) = (sin(angle), cos(angle))
            for channel in 0..<StationAudio.channels {
                let at = frame * StationAudio.channels + channel
                let other = at < tail.count ? Float(tail[at]) * falling : 0
                samples[at] = Self.soften(Float(samples[at]) * rising + other)
            }
        }
    }

    private func scale(_ samples: inout [Int16], first: Int, from: Int, by gain: (Int) -> Float) {
        for frame in first..<samples.count / StationAudio.channels {
            let factor = gain(from + frame - first)
            if factor >= 1 { continue }
            for channel in 0..<StationAudio.channels {
                let at = frame * StationAudio.channels + channel
                samples[at] = Int16(Float(samples[at]) * factor)
            }
        }
    }

    /// Two peaks that meet in a crossfade may pass full scale; the top tenth bends instead of breaking.
    private static func soften(_ value: Float) -> Int16 {
        let knee: Float = 29_490
        let room: Float = 32_767 - knee
        let size = abs(value)
        if size <= knee { return Int16(value) }
        let bent = knee + room * tanh((size - knee) / room)
        return Int16(value < 0 ? -bent : bent)
    }
}
