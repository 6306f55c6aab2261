import Foundation
import TestSupport
import Testing

@testable import Encoder

struct FlvParserTests {
    private static let tags = [
        FlvTag(kind: .script, milliseconds: 0, body: [2, 0, 10]),
        FlvTag(kind: .video, milliseconds: 0, body: [0x17, 0, 0, 0, 0, 1]),
        FlvTag(kind: .audio, milliseconds: 0x7fff_fffe, body: [0xaf, 1, 9, 9]),
        FlvTag(kind: .video, milliseconds: 70_000_000, body: [0x27, 1] + [UInt8](repeating: 7, count: 70_000)),
    ]

    @Test("tags come out whole however the bytes arrive", arguments: [1, 2, 7, 100, 65_536])
    func pieces(size: Int) throws {
        let bytes = FlvTag.streamHeader + Self.tags.flatMap { $0.bytes(base: 0) }
        var parser = FlvParser()
        var found: [FlvTag] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            found += try parser.add(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(found.map(\.body) == Self.tags.map(\.body))
        #expect(found.map(\.milliseconds) == Self.tags.map(\.milliseconds))
        #expect(found[1].isSequenceHeader && found[1].isKeyframe && !found[3].isKeyframe)
    }

    @Test("what is not FLV is refused")
    func alien() {
        var parser = FlvParser()
        #expect(throws: EncoderError.self) { _ = try parser.add(Array("this is no flash video".utf8)) }
        var endless = FlvParser()
        #expect(throws: EncoderError.self) {
            _ = try endless.add(FlvTag.streamHeader + [9, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0])
        }
    }
}

struct BroadcastTimelineTests {
    private let sound = FlvTag(kind: .audio, milliseconds: 0, body: [0xaf, 1, 5])
    private func picture(at time: Int, key: Bool = false) -> FlvTag {
        FlvTag(kind: .video, milliseconds: time, body: [key ? 0x17 : 0x27, 1, 0])
    }

    @Test("sound never drifts: packet n is at n x 1024 frames, rounded, for years")
    func audioClock() {
        var timeline = BroadcastTimeline()
        timeline.beginRun()
        #expect(timeline.place(sound) == nil, "the first packet of a run holds nothing to hear")
        var last = -1
        for packet in 0..<200_000 {
            let time = timeline.place(sound)?.milliseconds ?? -1
            #expect(abs(Double(time) - Double(packet) * 1024 / 44.1) <= 0.5001)
            #expect(time > last)
            last = time
        }
    }

    @Test("time only grows over restarts of ffmpeg, and picture and sound stay together")
    func restarts() throws {
        var timeline = BroadcastTimeline()
        var last = (audio: -1, video: -1)
        for run in 0..<5 {
            timeline.beginRun()
            for frame in 0..<100 {
                let placed = timeline.place(picture(at: 23 + frame * 33, key: frame == 0))
                let video = try #require(placed).milliseconds
                #expect(video > last.video)
                last.video = video
                for _ in 0..<(frame % 10 < 4 ? 2 : 1) {
                    guard let audio = timeline.place(sound)?.milliseconds else { continue }
                    #expect(audio > last.audio)
                    last.audio = audio
                }
                #expect(abs(last.video - last.audio) < 150, "run \(run): \(last)")
            }
        }
    }

    @Test("a run's heard frames lag one packet behind what has come out")
    func heard() {
        var timeline = BroadcastTimeline()
        timeline.beginRun()
        for _ in 0..<10 { _ = timeline.place(sound) }
        #expect(timeline.runFramesHeard == 9 * 1024)
        timeline.beginRun()
        #expect(timeline.runFramesHeard == 0)
    }

    @Test("what only primes a new run is not sent, and picture and sound stay together")
    func priming() throws {
        var timeline = BroadcastTimeline()
        timeline.beginRun()
        for _ in 0..<100 { _ = timeline.place(sound) }
        timeline.beginRun(primingPackets: 4)
        let next = timeline.nextAudioMilliseconds
        for _ in 0..<5 { #expect(timeline.place(sound) == nil) }
        #expect(timeline.place(sound)?.milliseconds == next)
        #expect(timeline.runFramesHeard == 5 * 1024)
        // ffmpeg's fifth packet and a picture of the same moment.
        let shown = timeline.place(picture(at: 5 * 1024 * 1000 / 44_100))
        #expect(try abs(#require(shown).milliseconds - next) <= 1)
    }

    @Test("FLV's clock may wrap after 24.8 days without being noticed")
    func wrap() throws {
        var timeline = BroadcastTimeline()
        timeline.beginRun()
        _ = timeline.place(sound)
        let before = timeline.place(picture(at: 0x7fff_ffff))
        let after = timeline.place(picture(at: 32))
        #expect(try #require(after).milliseconds - #require(before).milliseconds == 33)
    }
}
