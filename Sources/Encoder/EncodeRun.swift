internal import Domain
internal import Glibc
internal import Platform

/// One life of the ffmpeg that encodes: PCM in, FLV out. When it ends, `Encoder` makes a new one that goes on where
/// this one's output stopped.
final class EncodeRun: Sendable {
    /// What a run begins with, that it may go on as if the one before it had not ended.
    struct Beginning {
        /// Packets of sound that have been heard already and come first.
        var primingPackets = 0
        /// Where the pad goes on, priming included, when the pad is what was heard last; nil begins with what the
        /// cushion has next.
        var padFrame: Int?

        /// The station's first run.
        init() {}

        /// Goes back to what was heard last, and a little further for a new ffmpeg to warm up with.
        /// - Parameter padFrame: the pad's frame after the last that was heard, when that was the pad.
        init(goingOnWith cushion: Cushion, padFrame: Int?) {
            let frames = BroadcastTimeline.framesPerPacket
            if let padFrame {
                cushion.rewindToHeard()
                primingPackets = min(Self.primingPacketsMax, padFrame / frames)
                self.padFrame = padFrame - primingPackets * frames
            } else {
                primingPackets = cushion.rewindToHeard(priming: (Self.primingPacketsMax, frames))
            }
        }

        /// A tenth of a second: after two packets ffmpeg's choices are those of an encoder that never began.
        private static let primingPacketsMax = 4
    }

    private enum Source: Equatable {
        case timeline(Int)
        case pad(Int)

        func advanced(by frames: Int) -> Source {
            switch self {
            case .timeline(let frame): .timeline(frame + frames)
            case .pad(let frame): .pad(frame + frames)
            }
        }
    }

    private struct State {
        /// What the run was fed, in order: its frame, and where in programme or pad that is from.
        var spans: [(run: Int, source: Source)] = []
        var framesFed = 0
        var framesHeard = 0
        var padding = false
        var packets = 0
        var lastOutput: Double
        var inputEnded = false
        var outputEnded = false
    }

    private let child: ChildProcess
    /// Taken by the pump, which closes it when it returns: that is how ffmpeg learns that the programme has ended.
    private let input: Monitor<FileDescriptor?>
    private let output: FileDescriptor
    private let complaints: FileDescriptor
    private let cushion: Cushion
    private let clock: any StationClock
    private let state: Monitor<State>
    private let finish: StopSignal
    private let beginning: Beginning

    // ffmpeg's pipe holds 0.37 s; the pad comes in when less than this is left in it.
    private static let dryBytes = StationAudio.framesPerSecond * StationAudio.bytesPerFrame / 5
    private static let blockFrames = 1024
    private static let complaintsASecondMax = 20

    /// Starts ffmpeg.
    init(
        ffmpeg: String, arguments: [String], environment: [String: String], cushion: Cushion, beginning: Beginning,
        clock: any StationClock
    ) throws(SystemError) {
        let stdin = try FileDescriptor.pipe()
        let stdout = try FileDescriptor.pipe()
        // Not ours: while nobody reads our log, one line too many would stop ffmpeg, and the sound with it.
        let stderr = try FileDescriptor.pipe()
        stdout.read.requestPipeSize(1 << 20)
        // The child's ends must be open until it has its own copies, and closed here right after: an end that stays
        // open would hide the end of ffmpeg from us, or ours from it.
        child = try withExtendedLifetime((stdin.read, stdout.write, stderr.write)) { () throws(SystemError) in
            try ChildProcess(
                path: ffmpeg, arguments: arguments, environment: environment,
                descriptors: [stdin.read.number, stdout.write.number, stderr.write.number])
        }
        input = Monitor(stdin.write)
        output = stdout.read
        complaints = stderr.read
        self.cushion = cushion
        self.beginning = beginning
        self.clock = clock
        finish = try StopSignal()
        state = Monitor(State(lastOutput: clock.monotonicSeconds))
    }

    /// True while the pad is what ffmpeg is given.
    var isPadding: Bool { state.read { $0.padding } }
    var isMakingFrames: Bool { state.read { $0.packets > 1 && !$0.outputEnded } }
    /// The pad's frame after the last that was heard of this run; nil when that was programme, or nothing.
    var padFrameHeard: Int? {
        state.read { state in
            let primed = beginning.primingPackets * BroadcastTimeline.framesPerPacket
            // It died before anything new of it was heard.
            if let padFrame = beginning.padFrame, state.framesHeard <= primed { return padFrame + primed }
            guard case .pad(let frame) = Self.source(ofRunFrame: state.framesHeard, in: state) else { return nil }
            return frame
        }
    }

    /// Feeds and reads ffmpeg until it ends, puts out nothing for too long (`startSecondsMax` before its first packet,
    /// `stallSecondsMax` after), or `shouldEnd` says to close the input.
    /// - Returns: why it ended, in words.
    func supervise(
        timeline: Monitor<BroadcastTimeline>, lateness: Monitor<LatenessMeter>, broadcast: Broadcast,
        startSecondsMax: Double, stallSecondsMax: Double, shouldEnd: () -> Bool
    ) -> String {
        NamedThread.start("pump") { [self] in pump() }
        NamedThread.start("flv") { [self] in
            readOutput(timeline: timeline, lateness: lateness, broadcast: broadcast)
        }
        NamedThread.start("words") { [self] in passComplaintsOn() }
        var verdict: String?
        var endingSince: Double?
        while true {
            if let exit = child.wait(timeoutSeconds: 0.1) {
                finish.give(reason: "ended")
                // What it had put out is still worth reading. And neither thread may outlive this life: the pump would
                // take from the cushion, and the reader place on the timeline, what belongs to the next one.
                _ = state.wait(timeoutSeconds: 30) { $0.inputEnded && $0.outputEnded ? true : nil }
                return verdict ?? "ffmpeg ended: \(exit)"
            }
            let now = clock.monotonicSeconds
            let lastOutput = state.read { $0.lastOutput }
            if endingSince == nil, shouldEnd() {
                verdict = "closed"
                endingSince = now
                finish.give(reason: "closed")
            }
            if let endingSince, now - endingSince > 3 {
                child.signal(SIGKILL)
            } else if verdict == nil, now - lastOutput > (isMakingFrames ? stallSecondsMax : startSecondsMax) {
                verdict = "ffmpeg put out nothing for \(Int(now - lastOutput)) s and was ended"
                child.signal(SIGKILL)
            }
        }
    }

    private func pump() {
        defer { state.withLock { $0.inputEnded = true } }
        guard let input = input.withLock({ $0.take() }) else { return }
        var block = [UInt8](repeating: 0, count: Self.blockFrames * StationAudio.bytesPerFrame)
        var pad = QuietPad(frame: beginning.padFrame ?? 0)
        var fadeIn = false
        var priming = beginning.padFrame == nil ? 0 : beginning.primingPackets
        while !finish.isGiven {
            let isDry = input.bytesWaiting < Self.dryBytes
            // The last block is kept back until it is certain that nothing follows, so that it can be faded out.
            let kept = isDry ? 0 : Self.blockFrames
            if priming == 0, let taken = block.withUnsafeMutableBytes({ cushion.take(into: $0, keeping: kept) }) {
                var bytes = Array(block.prefix(taken.frames * StationAudio.bytesPerFrame))
                if fadeIn { Edge.fade(&bytes, rising: true) }
                if isPadding { Edge.mix(pad.next(frames: taken.frames), fallingInto: &bytes) }
                if taken.emptied { Edge.fade(&bytes, rising: false) }
                fadeIn = taken.emptied
                note(frames: taken.frames, from: .timeline(taken.at))
                if (try? input.write(all: bytes)) == nil { return }
                if taken.emptied { pad.restart() }
            } else if isDry, !cushion.isOffAir {
                note(frames: Self.blockFrames, from: .pad(pad.frame))
                let samples = pad.next(frames: Self.blockFrames)
                priming = max(0, priming - 1)
                fadeIn = true
                if (try? input.write(all: samples.withUnsafeBytes { Array($0) })) == nil { return }
            } else {
                cushion.waitForFrames(moreThan: kept, timeoutSeconds: 0.02)
            }
        }
    }

    private func note(frames: Int, from source: Source) {
        state.withLock { state in
            let continues = state.spans.last.map { $0.source.advanced(by: state.framesFed - $0.run) == source } ?? false
            if !continues { state.spans.append((run: state.framesFed, source: source)) }
            // Old spans are only needed until they have left ffmpeg, which takes seconds.
            if state.spans.count > 1000 { state.spans.removeFirst(500) }
            state.framesFed += frames
            if case .pad = source { state.padding = true } else { state.padding = false }
        }
    }

    private func readOutput(
        timeline: Monitor<BroadcastTimeline>, lateness: Monitor<LatenessMeter>, broadcast: Broadcast
    ) {
        var parser = FlvParser()
        timeline.withLock { $0.beginRun(primingPackets: beginning.primingPackets) }
        lateness.withLock { $0.anchor() }
        reading: while let bytes = try? output.read(upTo: 65_536), !bytes.isEmpty {
            let now = clock.monotonicSeconds
            let tags: [FlvTag]
            do {
                tags = try parser.add(bytes)
            } catch {
                Log.error("\(error)")
                child.signal(SIGKILL)
                break reading
            }
            for tag in tags {
                guard let placed = timeline.withLock({ $0.place(tag) }) else { continue }
                broadcast.publish(placed)
                if tag.kind == .script || tag.isSequenceHeader { continue }
                lateness.withLock { $0.note(tag.kind, mediaSeconds: Double(placed.milliseconds) / 1000, at: now) }
            }
            let (heard, packets) = timeline.read { ($0.runFramesHeard, $0.runPackets) }
            state.withLock { state in
                state.lastOutput = now
                state.packets = packets
                state.framesHeard = heard
            }
            if let frame = timelineFrame(ofRunFrame: heard) { cushion.noteHeard(frame) }
        }
        lateness.withLock { $0.anchor() }
        state.withLock { $0.outputEnded = true }
    }

    /// Passes on what ffmpeg says, at a bounded rate, until it ends.
    private func passComplaintsOn() {
        var lines = ComplaintLines()
        var second = clock.monotonicSeconds
        var said = 0
        while let bytes = try? complaints.read(upTo: 65_536), !bytes.isEmpty {
            for line in lines.add(bytes) {
                let now = clock.monotonicSeconds
                if now - second >= 1 {
                    if said > Self.complaintsASecondMax {
                        Log.warning("ffmpeg said \(said - Self.complaintsASecondMax) lines more")
                    }
                    (second, said) = (now, 0)
                }
                said += 1
                if said <= Self.complaintsASecondMax { Log.warning("ffmpeg: \(line)") }
            }
        }
    }

    private static func source(ofRunFrame frame: Int, in state: State) -> Source? {
        let heard = min(frame, state.framesFed)
        return state.spans.last { $0.run <= heard }.map { $0.source.advanced(by: heard - $0.run) }
    }

    /// The timeline frame that follows the last one heard, when `frames` of the run have been heard.
    private func timelineFrame(ofRunFrame frames: Int) -> Int? {
        state.read { state in
            let heard = min(frames, state.framesFed)
            guard let index = state.spans.lastIndex(where: { $0.run <= heard }) else { return nil }
            if case .timeline(let start) = state.spans[index].source { return start + heard - state.spans[index].run }
            // In the pad: everything fed before it has been heard.
            guard index > 0, case .timeline(let before) = state.spans[index - 1].source else { return nil }
            return before + state.spans[index].run - state.spans[index - 1].run
        }
    }
}

/// Fades at the edges between programme and pad.
enum Edge {
    /// Adds `samples`, from full to silence, to interleaved s16 `bytes`.
    static func mix(_ samples: [Int16], fallingInto bytes: inout [UInt8]) {
        var tail = samples.withUnsafeBytes { Array($0) }
        fade(&tail, rising: false)
        bytes.withUnsafeMutableBytes { raw in
            tail.withUnsafeBytes { more in
                let sum = raw.bindMemory(to: Int16.self)
                for (at, sample) in more.bindMemory(to: Int16.self).enumerated() {
                    sum[at] = Int16(clamping: Int(sum[at]) + Int(sample))
                }
            }
        }
    }

    /// Scales interleaved s16 `bytes` from silence to full, or from full to silence.
    static func fade(_ bytes: inout [UInt8], rising: Bool) {
        bytes.withUnsafeMutableBytes { raw in
            let samples = raw.bindMemory(to: Int16.self)
            let frames = samples.count / StationAudio.channels
            guard frames > 0 else { return }
            for frame in 0..<frames {
                let place = Float(rising ? frame : frames - 1 - frame) / Float(frames)
                for channel in 0..<StationAudio.channels {
                    let at = frame * StationAudio.channels + channel
                    samples[at] = Int16(Float(samples[at]) * place)
                }
            }
        }
    }
}
