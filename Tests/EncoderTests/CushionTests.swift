import Domain
import IPC
import Platform
import TestSupport
import Testing

@testable import Encoder

struct CushionTests {
    private let owner = ObjectIdentifier(CushionTests.self)

    private func block(at: Int, frames: Int, item: FeedItem? = nil) -> (FeedBlock, [UInt8]) {
        let samples = NumberedSignal.frames(from: at, count: frames)
        return (FeedBlock(at: at, frames: frames, item: item), samples.withUnsafeBytes { Array($0) })
    }

    private func item(_ title: String) -> FeedItem {
        FeedItem(source: .buffer, file: "x.wav", frames: 100_000, title: title, joint: .start, jointFrames: 0)
    }

    private func take(_ cushion: Cushion, frames: Int) -> (at: Int, bytes: [UInt8])? {
        var bytes = [UInt8](repeating: 0, count: frames * StationAudio.bytesPerFrame)
        guard let taken = bytes.withUnsafeMutableBytes({ cushion.take(into: $0) }) else { return nil }
        return (taken.at, Array(bytes.prefix(taken.frames * StationAudio.bytesPerFrame)))
    }

    @Test("what goes in comes out, frame for frame, round and round the ring")
    func ring() throws {
        let cushion = Cushion(cushionSeconds: 1, historySeconds: 0.5, startFrame: 1000, marks: [])
        _ = cushion.open(for: owner)
        let stop = try StopSignal()
        var sent = 1000
        var random = SplitMix64(seed: 3)
        for _ in 0..<200 {
            let frames = Int.random(in: 1...5000, using: &random)
            let (header, bytes) = block(at: sent, frames: frames)
            #expect(try cushion.append(header, bytes: bytes, owner: owner, stop: stop))
            sent += frames
            while let (at, heard) = take(cushion, frames: Int.random(in: 1...3000, using: &random)) {
                let expected = NumberedSignal.frames(from: at, count: heard.count / 4).withUnsafeBytes { Array($0) }
                #expect(heard == expected)
            }
        }
    }

    @Test("a block that does not follow exactly is refused, and changes nothing")
    func discontinuity() throws {
        let cushion = Cushion(cushionSeconds: 1, startFrame: 0, marks: [])
        _ = cushion.open(for: owner)
        let stop = try StopSignal()
        let (first, bytes) = block(at: 0, frames: 100)
        #expect(try cushion.append(first, bytes: bytes, owner: owner, stop: stop))
        for at in [0, 99, 101] {
            let (wrong, bytes) = block(at: at, frames: 100)
            #expect(throws: EncoderError.discontinuousFeed(expected: 100, got: at)) {
                try cushion.append(wrong, bytes: bytes, owner: owner, stop: stop)
            }
        }
        #expect(cushion.open(for: owner).nextFrame == 100)
    }

    @Test("a conversation that another has followed cannot append any more")
    func superseded() throws {
        let cushion = Cushion(cushionSeconds: 1, startFrame: 0, marks: [])
        let stop = try StopSignal()
        let newer = ObjectIdentifier(Cushion.self)
        _ = cushion.open(for: owner)
        #expect(cushion.open(for: newer).nextFrame == 0)
        let (late, bytes) = block(at: 0, frames: 10)
        #expect(try cushion.append(late, bytes: bytes, owner: owner, stop: stop) == false)
        #expect(try cushion.append(late, bytes: bytes, owner: newer, stop: stop))
    }

    @Test("after ffmpeg died it is given again what nobody has heard")
    func rewind() throws {
        let cushion = Cushion(cushionSeconds: 1, startFrame: 0, marks: [])
        _ = cushion.open(for: owner)
        let (first, bytes) = block(at: 0, frames: 30_000, item: item("one"))
        #expect(try cushion.append(first, bytes: bytes, owner: owner, stop: StopSignal()))
        #expect(take(cushion, frames: 20_000)?.at == 0)
        cushion.noteHeard(12_345)
        cushion.rewindToHeard()
        let again = try #require(take(cushion, frames: 10))
        #expect(again.at == 12_345)
        #expect(again.bytes == NumberedSignal.frames(from: 12_345, count: 10).withUnsafeBytes { Array($0) })
    }

    @Test("what is to be kept back stays, and the last frame is known as the last in the same step")
    func keeping() throws {
        let cushion = Cushion(cushionSeconds: 1, startFrame: 0, marks: [])
        _ = cushion.open(for: owner)
        let (header, bytes) = block(at: 0, frames: 1500)
        #expect(try cushion.append(header, bytes: bytes, owner: owner, stop: StopSignal()))
        var buffer = [UInt8](repeating: 0, count: 1024 * StationAudio.bytesPerFrame)
        func take(keeping: Int) -> (at: Int, frames: Int, emptied: Bool)? {
            buffer.withUnsafeMutableBytes { cushion.take(into: $0, keeping: keeping) }
        }
        #expect(take(keeping: 1500) == nil)
        let first = try #require(take(keeping: 1024))
        #expect(first == (0, 1024, false))
        #expect(take(keeping: 1024) == nil)
        let last = try #require(take(keeping: 0))
        #expect(last == (1024, 476, true))
        #expect(take(keeping: 0) == nil)
    }

    @Test("the greeting names the items that have not been heard to their end, and no older ones")
    func marks() throws {
        let cushion = Cushion(cushionSeconds: 1, startFrame: 0, marks: [])
        _ = cushion.open(for: owner)
        let stop = try StopSignal()
        for (number, title) in ["one", "two", "three"].enumerated() {
            let (header, bytes) = block(at: number * 1000, frames: 1000, item: item(title))
            #expect(try cushion.append(header, bytes: bytes, owner: owner, stop: stop))
        }
        cushion.noteHeard(1500)
        #expect(cushion.open(for: owner).marks.map(\.item.title) == ["two", "three"])
        #expect(cushion.playing?.elapsedFrames == 500)
    }
}
