internal import Buffer
internal import Config
internal import Domain
internal import Foundation
internal import IPC
internal import Platform

/// One conversation with one encoder: from where it says the timeline stands to the end of the connection.
final class Playout {
    private let line: EncoderLine
    private let programme: Programme
    private let buffer: BufferDirectory
    private let config: StationConfig
    private let stop: StopSignal
    private let clock: any StationClock
    /// Called after every block and while waiting, with what the feeder is doing.
    private let progress: (String) -> Void

    /// The timeline frame that is sent next.
    private var frame: Int
    private var sound: ItemSound?
    private var itemBegan = 0
    private var announced: FeedItem?
    /// Set once it is decided that the current item is not joined to the next.
    private var playsOut = false
    /// Items sent and not heard to their end, and the timeline frame of that end.
    private var unheard: [(end: Int, item: FeedItem)] = []
    /// What was chosen at the handover and begins when the current item has been played out.
    private var held: Programme.Pick?

    private static let blockFrames = 4096

    init(
        line: EncoderLine, programme: Programme, buffer: BufferDirectory, config: StationConfig, stop: StopSignal,
        clock: any StationClock, progress: @escaping (String) -> Void
    ) {
        self.line = line
        self.programme = programme
        self.buffer = buffer
        self.config = config
        self.stop = stop
        self.clock = clock
        self.progress = progress
        frame = line.greeting.nextFrame
    }

    private var crossfadeFrames: Int { StationAudio.frames(inSeconds: config.feeder.crossfadeSeconds) }
    private var silenceFrames: Int { StationAudio.frames(inSeconds: config.feeder.silenceBetweenPromptsSeconds) }

    /// Plays until the stop or until the encoder has gone (throws then).
    func run() throws {
        try resume()
        while !stop.isGiven {
            guard let sound else {
                try beginAfterPause()
                continue
            }
            let offset = frame - itemBegan
            let crossfade = sound.crossfadeMax(wanted: crossfadeFrames)
            let handover = sound.length(handingOver: crossfade)
            if !playsOut, offset >= handover {
                try decide(at: offset, handover: handover, crossfade: crossfade)
            } else if offset >= sound.length {
                try beginAfterPause()
            } else {
                let end = playsOut ? sound.length : handover
                try send(sound, offset: offset, count: min(Self.blockFrames, end - offset))
            }
        }
    }

    /// Takes up the item at which the encoder stands.
    private func resume() throws {
        let marks = line.greeting.marks
        guard let first = marks.first, let last = marks.last else { return }
        try programme.resume(after: marks)
        for (mark, next) in zip(marks, marks.dropFirst()) {
            unheard.append((Self.end(before: next.item, at: next.at), mark.item))
        }
        do {
            sound = try ItemSound(last.item, fallFrames: crossfadeFrames)
            itemBegan = last.at
            let elapsed = Int(StationAudio.seconds(ofFrames: frame - last.at))
            Log.info("going on at frame \(frame), \(elapsed) s into \(last.item.title)")
        } catch {
            unheard.append((frame, last.item))
            Log.warning("cannot go on with \(last.item.title): \(error)")
        }
        // What was heard while no feeder was there to say so; after the files that may move because of it are open.
        let heard = first.item.number.map { $0 - 1 } ?? first.item.passedNumber ?? 0
        if heard <= programme.lastNumber ?? 0, try heard > buffer.consumedThrough() { consumed(through: heard) }
    }

    /// Where the item before `next`, which begins at `frame`, has been heard to its end: a crossfade still needs it.
    private static func end(before next: FeedItem, at frame: Int) -> Int {
        frame + (next.joint == .crossfade ? next.jointFrames : 0)
    }

    /// The current item is near its end: what follows, and how is it joined?
    private func decide(at offset: Int, handover: Int, crossfade: Int) throws {
        // Past the handover without a decision: an earlier feeder had decided to play the item out.
        guard offset == handover, crossfade > 0 else {
            playsOut = true
            return
        }
        guard case .play(let pick) = try programme.next() else {
            playsOut = true
            return
        }
        // A partner that is too short for the crossfade begins when the current item has faded out.
        if pick.promptIndex == sound?.item.promptIndex, pick.frames / 2 >= crossfade {
            try begin(pick, joint: .crossfade, jointFrames: crossfade)
        } else {
            held = pick
            playsOut = true
        }
    }

    private func beginAfterPause() throws {
        let before = sound?.item
        switch try held.take().map(Programme.Choice.play) ?? programme.next() {
        case .play(let pick):
            let changes = before != nil && before?.promptIndex != pick.promptIndex
            try begin(pick, joint: changes ? .silence : .start, jointFrames: changes ? silenceFrames : 0)
        case .leaveAir:
            Log.warning("the buffer is depleted: leaving the air until it is back (when_depleted = \"shutdown\")")
            try line.send(FeedBlock(at: frame, frames: 0, offAir: true), samples: [])
            while !stop.isGiven, !line.isClosed, try !programme.hasNext() {
                rest("off the air: the buffer is depleted")
            }
            if !stop.isGiven, !line.isClosed { Log.info("the buffer is back: going on the air again") }
        case .nothing(let reason):
            rest("nothing to play: \(reason)")
        }
        if line.isClosed { throw WireError.closed }
    }

    private func begin(_ pick: Programme.Pick, joint: FeedJoint, jointFrames: Int) throws {
        let item = FeedItem(
            source: pick.source, file: pick.file, frames: pick.frames, title: pick.title,
            promptIndex: pick.promptIndex, number: pick.number, passedNumber: programme.lastNumber, joint: joint,
            jointFrames: jointFrames, previousFile: joint == .crossfade ? sound?.item.file : nil)
        if let current = sound?.item { unheard.append((Self.end(before: item, at: frame), current)) }
        playsOut = false
        do {
            sound = try ItemSound(item, fallFrames: crossfadeFrames)
            itemBegan = frame
            announced = item
        } catch {
            try skip(pick.title, because: error)
        }
    }

    /// Ends the current item where it stands: the Buffer looks at its files, and the next choice is another track.
    private func skip(_ title: String, because error: any Error) throws {
        Log.warning("skipping \(title): \(error)")
        sound = nil
        FeederRole.say(try buffer.reconcile())
        rest("skipped \(title), which cannot be read")
    }

    private func send(_ sound: ItemSound, offset: Int, count: Int) throws {
        let samples: [Int16]
        do {
            samples = try sound.frames(at: offset, count: count, fallsAtEnd: playsOut)
        } catch {
            unheard.append((frame, sound.item))
            return try skip(sound.item.title, because: error)
        }
        let activity = "playing \(sound.item.title)"
        try line.send(FeedBlock(at: frame, frames: count, item: announced), samples: samples) {
            settle()
            progress(activity)
        }
        announced = nil
        frame += count
        settle()
        progress(activity)
    }

    /// Tells the Buffer what has been heard to its end.
    private func settle() {
        let heard = line.heardFrame
        while let first = unheard.first, first.end <= heard {
            unheard.removeFirst()
            // An evergreen track was counted when it was chosen.
            if let number = first.item.number {
                consumed(through: number)
            } else if first.item.source == .fallback {
                try? buffer.noteAired(seconds: StationAudio.seconds(ofFrames: first.item.frames))
            }
        }
    }

    private func consumed(through number: Int) {
        do {
            try buffer.markConsumed(through: number, airedAtWallSeconds: clock.wallSeconds)
        } catch {
            Log.warning("cannot mark chunk \(number) consumed, trying again with the next: \(error)")
        }
    }

    private func rest(_ activity: String) {
        progress(activity)
        settle()
        stop.wait(seconds: 0.5)
    }
}
