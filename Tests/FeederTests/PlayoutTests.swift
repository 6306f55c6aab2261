import Backends
import Buffer
import Config
import Domain
import Foundation
import IPC
import Platform
import TestSupport
import Testing

@testable import Feeder

/// What a feeder sends to an encoder that stands somewhere on the timeline.
@Suite(.enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct PlayoutTests {
    private static let frames = 5 * StationAudio.framesPerSecond

    @Test("a new feeder goes on after what the encoder has, and says what was heard while there was none")
    func resumes() throws {
        try feed(tracks: 4, marks: { [mark($0[1], at: 0), mark($0[2], at: 1000)] }) { encoder, buffer in
            try eventually(within: 20, "the next track begins") { encoder.items.first?.number == 4 }
            #expect(try buffer.consumedThrough() == 1)
            try encoder.acknowledge(1000)
            try eventually(within: 20, "the second one was heard") { try buffer.consumedThrough() == 2 }
        }
    }

    @Test("after a fallback no track of the Buffer that aired before it is played again")
    func afterFallback() throws {
        func fallback(_ track: BufferTrack) -> FeedMark {
            var made = mark(track, at: 0)
            made.item.source = .fallback
            made.item.number = nil
            made.item.passedNumber = 2
            return made
        }
        try feed(tracks: 3, marks: { [fallback($0[0])] }) { encoder, buffer in
            try eventually(within: 20, "the next track begins") { encoder.items.first?.number == 3 }
            #expect(try buffer.consumedThrough() == 2)
        }
    }

    @Test("a file that has gone does not take the programme back")
    func missingFile() throws {
        func gone(_ track: BufferTrack) -> FeedMark {
            var lost = mark(track, at: 1000)
            lost.item.file = "/nowhere.wav"
            return lost
        }
        try feed(tracks: 4, marks: { [mark($0[0], at: 0), gone($0[1])] }) { encoder, _ in
            try eventually(within: 20, "the next track begins") { encoder.items.first?.number == 3 }
        }
    }

    @Test("a Buffer that was begun anew is played from its first track, whatever the old numbers were")
    func newBuffer() throws {
        func old(_ track: BufferTrack) -> FeedMark {
            var lost = mark(track, at: 0)
            lost.item.file = "/nowhere.wav"
            lost.item.number = 500
            return lost
        }
        try feed(tracks: 2, marks: { [old($0[0])] }) { encoder, _ in
            try eventually(within: 20, "the first track begins") { encoder.items.first?.number == 1 }
        }
    }

    @Test("under the shutdown policy a depleted Buffer ends the programme, and music begins it again")
    func shutdownPolicy() throws {
        var config = StationConfig()
        config.buffer.whenDepleted = .shutdown
        try feed(tracks: 1, config: config, marks: { _ in [] }) { encoder, _ in
            try eventually(within: 20, "the feeder says that it is off the air") { encoder.isOffAir }
            #expect(encoder.items.isEmpty)
        }
    }

    private func mark(_ track: BufferTrack, at frame: Int) -> FeedMark {
        FeedMark(
            at: frame,
            item: FeedItem(
                source: .buffer, file: track.path, frames: track.frames, title: track.title,
                promptIndex: track.promptIndex, number: track.number, joint: .start, jointFrames: 0))
    }

    /// A Buffer of 5 s tracks, and a feeder that plays it to an encoder which has heard frame 500 and waits for 2000.
    private func feed(
        tracks: Int, config: StationConfig = StationConfig(), marks: ([BufferTrack]) -> [FeedMark],
        _ body: (FakeEncoder, BufferDirectory) throws -> Void
    ) throws {
        try withTemporaryDirectory { root in
            let buffer = try BufferDirectory(root: root, rules: BufferRules(trackSeconds: 5, promptSeconds: 3600))
            for index in 0..<tracks {
                let slot = try buffer.reserve()
                try NumberedTrack.write(index * Self.frames..<(index + 1) * Self.frames, to: slot.stagedFile)
                _ = try buffer.commit(
                    slot, frames: Self.frames, title: "Chunk \(slot.number)",
                    provenance: Provenance(backend: "numbered", seed: 0, renderSeconds: 0))
            }
            let chosen = marks(try buffer.ready(limit: tracks))
            let greeting = FeedGreeting(
                nextFrame: chosen.isEmpty ? 0 : 2000, heardFrame: chosen.isEmpty ? 0 : 500, marks: chosen)
            let encoder = try FakeEncoder(path: root + "/feed.sock", greeting: greeting)
            let line = try EncoderLine(path: encoder.path)
            let stop = try StopSignal()
            let cancellation = Cancellation()
            let ended = Monitor(false)
            NamedThread.start("playout") {
                defer { ended.withLock { $0 = true } }
                guard
                    let fallback = try? FallbackComposer(
                        directory: root + "/fallback", rules: AdmissionRules(config.generator),
                        searchPath: "/usr/bin:/bin", cancellation: cancellation, progress: {})
                else { return }
                let programme = Programme(buffer: buffer, config: config, fallback: fallback)
                try? Playout(
                    line: line, programme: programme, buffer: buffer, config: config, stop: stop, clock: SystemClock()
                ) { _ in }.run()
            }
            defer {
                stop.give(reason: "the test is over")
                cancellation.cancel()
                line.close()
                encoder.close()
                #expect(ended.wait(timeoutSeconds: 10) { $0 ? true : nil } == true, "the feeder did not stop")
            }
            try body(encoder, buffer)
        }
    }
}
