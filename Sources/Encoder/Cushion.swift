internal import Domain
internal import IPC
internal import Platform

/// The seconds of PCM between feeder and ffmpeg, on the station's timeline. What has been handed to ffmpeg stays for
/// a while, so that a new ffmpeg can be given again what the old one took and never put out.
final class Cushion: Sendable {
    private struct State {
        var ring: [UInt8]
        /// Oldest frame still held.
        var base: Int
        /// Next frame for ffmpeg.
        var next: Int
        /// Next frame from the feeder.
        var head: Int
        /// Frames before this one have left ffmpeg.
        var heard: Int
        var marks: [FeedMark]
        /// Who may append; a conversation that another has followed has lost the right.
        var owner: ObjectIdentifier?
        /// The feeder said that nothing more is to come for now.
        var offAir = false
    }

    private let state: Monitor<State>
    private let capacityFrames: Int
    private let cushionFrames: Int

    /// - Parameters:
    ///   - cushionSeconds: how much may wait for ffmpeg.
    ///   - historySeconds: how much is kept after ffmpeg took it; longer than an ffmpeg may take to its first packet.
    ///   - startFrame: where the timeline goes on.
    ///   - marks: what plays there.
    init(cushionSeconds: Double, historySeconds: Double = 15, startFrame: Int, marks: [FeedMark]) {
        cushionFrames = StationAudio.frames(inSeconds: cushionSeconds)
        capacityFrames = cushionFrames + StationAudio.frames(inSeconds: historySeconds)
        let ring = [UInt8](repeating: 0, count: capacityFrames * StationAudio.bytesPerFrame)
        state = Monitor(
            State(ring: ring, base: startFrame, next: startFrame, head: startFrame, heard: startFrame, marks: marks))
    }

    /// Frames that wait for ffmpeg.
    var waitingFrames: Int { state.read { $0.head - $0.next } }
    var heardFrame: Int { state.read { $0.heard } }
    /// True when the feeder has ended the programme and all of it has been handed on.
    var isDrainedForOffAir: Bool { state.read { $0.offAir && $0.head == $0.next } }
    var isOffAir: Bool { state.read { $0.offAir } }

    /// Gives `owner`, and nobody else, the right to append, and says where to go on. In one step: nothing of an older
    /// conversation can come between the two.
    func open(for owner: ObjectIdentifier) -> FeedGreeting {
        state.withLock { state in
            state.owner = owner
            return FeedGreeting(nextFrame: state.head, heardFrame: state.heard, marks: state.marks)
        }
    }

    /// What is heard now, and the frames since it began.
    var playing: (mark: FeedMark, elapsedFrames: Int)? {
        state.read { state in
            state.marks.last { $0.at <= state.heard }.map { ($0, state.heard - $0.at) }
        }
    }

    /// The items that cover what has not been heard yet, for the playhead file.
    var marksFromHeard: [FeedMark] { state.read { $0.marks } }

    /// Takes one block from the feeder, waiting for room.
    /// - Returns: false when `stop` was given first, or when `owner` has lost the right to append.
    /// - Throws: `EncoderError.discontinuousFeed` when the block does not follow the last one exactly.
    func append(
        _ block: FeedBlock, bytes: [UInt8], owner: ObjectIdentifier, stop: StopSignal
    ) throws(EncoderError) -> Bool {
        while !stop.isGiven {
            let done: Result<Bool, EncoderError>? = state.wait(timeoutSeconds: 0.2) { state in
                guard state.owner == owner else { return .success(false) }
                guard block.at == state.head else {
                    return .failure(.discontinuousFeed(expected: state.head, got: block.at))
                }
                guard state.head + block.frames - state.next <= cushionFrames else { return nil }
                if let item = block.item { state.marks.append(FeedMark(at: block.at, item: item)) }
                if block.frames > 0 { Self.copyIn(bytes, into: &state, capacityFrames: capacityFrames) }
                state.offAir = block.offAir ?? false
                return .success(true)
            }
            if let done { return try done.get() }
        }
        return false
    }

    /// Fills `buffer` with the next frames for ffmpeg.
    /// - Parameter keeping: how many frames have to stay behind.
    /// - Returns: the timeline frame of the first one, how many, and whether nothing waits after them; nil when there
    ///   are no more than are to be kept.
    func take(
        into buffer: UnsafeMutableRawBufferPointer, keeping: Int = 0
    ) -> (at: Int, frames: Int, emptied: Bool)? {
        state.withLock { state in
            let waiting = state.head - state.next
            guard waiting > keeping else { return nil }
            let frames = min(buffer.count / StationAudio.bytesPerFrame, waiting)
            let at = state.next
            copyOut(from: at, frames: frames, state: state, to: buffer)
            state.next += frames
            return (at, frames, frames == waiting)
        }
    }

    /// Waits until more than `count` frames wait for ffmpeg, or `timeoutSeconds` have passed.
    func waitForFrames(moreThan count: Int, timeoutSeconds: Double) {
        _ = state.wait(timeoutSeconds: timeoutSeconds) { $0.head - $0.next > count ? true : nil }
    }

    /// Notes that frames before `frame` have left ffmpeg.
    func noteHeard(_ frame: Int) {
        state.withLock { state in
            guard frame > state.heard else { return }
            state.heard = min(frame, state.head)
            while state.marks.count > 1, state.marks[1].at <= state.heard { state.marks.removeFirst() }
        }
    }

    /// Goes back so that the first unheard frame is the next for ffmpeg, but for heard ones to prime it with.
    /// - Parameter priming: the frames of one packet of sound, and how many such packets are wanted.
    /// - Returns: how many of those there are.
    @discardableResult
    func rewindToHeard(priming: (packets: Int, frames: Int) = (0, 1)) -> Int {
        state.withLock { state in
            let first = max(state.base, min(state.heard, state.head))
            let packets = min(priming.packets, (first - state.base) / priming.frames)
            state.next = first - packets * priming.frames
            return packets
        }
    }

    private static func copyIn(_ bytes: [UInt8], into state: inout State, capacityFrames: Int) {
        let frames = bytes.count / StationAudio.bytesPerFrame
        var copied = 0
        while copied < frames {
            let slot = (state.head + copied) % capacityFrames
            let run = min(frames - copied, capacityFrames - slot)
            let target = slot * StationAudio.bytesPerFrame
            let source = copied * StationAudio.bytesPerFrame
            let count = run * StationAudio.bytesPerFrame
            state.ring.withUnsafeMutableBytes { ring in
                bytes.withUnsafeBytes { raw in
                    UnsafeMutableRawBufferPointer(rebasing: ring[target..<target + count])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[source..<source + count]))
                }
            }
            copied += run
        }
        state.head += frames
        state.base = max(state.base, state.head - capacityFrames)
    }

    private func copyOut(from: Int, frames: Int, state: State, to buffer: UnsafeMutableRawBufferPointer) {
        var copied = 0
        while copied < frames {
            let slot = (from + copied) % capacityFrames
            let run = min(frames - copied, capacityFrames - slot)
            let source = slot * StationAudio.bytesPerFrame
            let target = copied * StationAudio.bytesPerFrame
            let count = run * StationAudio.bytesPerFrame
            state.ring.withUnsafeBytes { ring in
                UnsafeMutableRawBufferPointer(rebasing: buffer[target..<target + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: ring[source..<source + count]))
            }
            copied += run
        }
    }
}
