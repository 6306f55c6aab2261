internal import Buffer
internal import Config
internal import Domain
internal import Foundation
internal import IPC
internal import Platform

/// Decides what airs next.
final class Programme {
    enum Choice {
        case play(Pick)
        /// The policy is to leave the air until the Buffer is back.
        case leaveAir
        /// There is nothing, and nothing can be made: the encoder's pad has to do.
        case nothing(String)
    }

    /// A track, before it is known how it is joined to the one before.
    struct Pick {
        var source: TrackSource
        var file: String
        var frames: Int
        var title: String
        var promptIndex: Int?
        var number: Int?
    }

    private let buffer: BufferDirectory
    private let config: StationConfig
    private let fallback: FallbackComposer
    /// The last Buffer track handed to the encoder.
    private(set) var lastNumber: Int?
    private var lastPrompt: Int?
    private var wasFallback = false

    init(buffer: BufferDirectory, config: StationConfig, fallback: FallbackComposer) {
        self.buffer = buffer
        self.config = config
        self.fallback = fallback
    }

    /// Goes on from what the encoder already has.
    func resume(after marks: [FeedMark]) throws {
        // A Buffer that was begun anew counts from 1 again, and knows nothing of the old numbers.
        let consumed = try buffer.consumedThrough()
        lastNumber = try marks.compactMap { $0.item.number ?? $0.item.passedNumber }
            .filter { try $0 <= consumed || buffer.track(number: $0) != nil }.max()
        lastPrompt = marks.last?.item.promptIndex
        wasFallback = marks.last.map { $0.item.source != .buffer } ?? false
    }

    /// True when `next` has a track that is not one of those handed on already. What is in the cushion still counts
    /// for the Buffer's health, so the health alone does not say that there is something to come back with.
    func hasNext() throws -> Bool { try mayBeOnAir() && buffer.next(after: lastNumber) != nil }

    /// True when the station may be on the air under its policy.
    private func mayBeOnAir() throws -> Bool {
        guard config.buffer.whenDepleted == .shutdown else { return true }
        return try buffer.summary().health != .depleted
    }

    /// The next track, or why there is none.
    func next() throws -> Choice {
        guard try mayBeOnAir() else { return .leaveAir }
        if let track = try takeNext() {
            if wasFallback { Log.info("the buffer has music again: going on with \(track.title)") }
            lastNumber = track.number
            lastPrompt = track.promptIndex
            wasFallback = false
            return .play(
                Pick(
                    source: .buffer, file: track.path, frames: track.frames, title: track.title,
                    promptIndex: track.promptIndex, number: track.number))
        }
        guard config.buffer.whenDepleted == .fallback else { return .leaveAir }
        if !wasFallback { Log.warning("the buffer is empty: playing what aired before, or composing in real time") }
        wasFallback = true
        if let pick = try buffer.nextEvergreen(allowingRepeat: false) {
            do {
                try buffer.markEvergreenAired(pick)
            } catch {
                Log.warning("cannot note that \(pick.track.title) airs again: \(error)")
            }
            lastPrompt = pick.track.promptIndex
            return .play(
                Pick(
                    source: .evergreen, file: pick.track.path, frames: pick.track.frames, title: pick.track.title,
                    promptIndex: pick.track.promptIndex))
        }
        return composed()
    }

    /// The Buffer's next track. A full disk, or a process that holds the Buffer's lock and stands still, keeps it from
    /// writing down that the track is taken; that must not silence a station that has music.
    private func takeNext() throws -> BufferTrack? {
        do {
            return try buffer.take(after: lastNumber)
        } catch {
            Log.warning("the buffer cannot note what airs next, which airs all the same: \(error)")
            return try buffer.next(after: lastNumber)
        }
    }

    private func composed() -> Choice {
        let index = lastPrompt ?? 0
        let prompt = config.prompts.indices.contains(index) ? config.prompts[index] : config.prompts.first
        guard let prompt else { return .nothing("no prompts are configured") }
        do {
            let (file, frames, title) = try fallback.compose(prompt)
            lastPrompt = prompt.index
            return .play(
                Pick(source: .fallback, file: file, frames: frames, title: title, promptIndex: prompt.index))
        } catch {
            return .nothing("\(error)")
        }
    }
}
