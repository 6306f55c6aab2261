import Buffer
import Domain
import IPC
import Platform
import TestSupport
import Testing

@testable import Feeder

struct ItemSoundTests {
    private static let frames = 44_100
    private static let joint = 8_820

    private func withItem(
        _ joint: FeedJoint, level: Int16? = nil, _ body: (ItemSound, [Int16], [Int16]) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let own =
                level.map { [Int16](repeating: $0, count: Self.frames * 2) }
                ?? NumberedSignal.frames(from: 500_000, count: Self.frames)
            let before =
                level.map { [Int16](repeating: $0, count: Self.frames * 2) }
                ?? NumberedSignal.frames(from: 0, count: Self.frames)
            for (name, samples) in [("own", own), ("before", before)] {
                let writer = try WAVWriter(path: "\(directory)/\(name).wav", format: .station)
                try writer.append(samples)
                _ = try writer.close()
            }
            let item = FeedItem(
                source: .buffer, file: directory + "/own.wav", frames: Self.frames, title: "t", joint: joint,
                jointFrames: joint == .start ? 0 : Self.joint,
                previousFile: joint == .crossfade ? directory + "/before.wav" : nil)
            try body(ItemSound(item, fallFrames: Self.joint), own, before)
        }
    }

    @Test("however it is cut into blocks, an item is the same", arguments: [FeedJoint.start, .crossfade, .silence])
    func blocks(joint: FeedJoint) throws {
        try withItem(joint) { sound, _, _ in
            let whole = try sound.frames(at: 0, count: sound.length, fallsAtEnd: true)
            var random = SplitMix64(seed: 9)
            var pieces: [Int16] = []
            while pieces.count / 2 < sound.length {
                let count = min(Int.random(in: 1...5000, using: &random), sound.length - pieces.count / 2)
                pieces += try sound.frames(at: pieces.count / 2, count: count, fallsAtEnd: true)
            }
            #expect(pieces == whole)
        }
    }

    @Test("the silence before a prompt is exactly as long as asked, and digital")
    func silence() throws {
        try withItem(.silence, level: 8000) { sound, _, _ in
            #expect(sound.length == Self.joint + Self.frames)
            let all = try sound.frames(at: 0, count: sound.length, fallsAtEnd: false)
            #expect(all.prefix(Self.joint * 2).allSatisfy { $0 == 0 })
            #expect(all[(Self.joint + 2000) * 2] == 8000)
        }
    }

    @Test("inside, an item is its file, sample for sample")
    func untouched() throws {
        try withItem(.crossfade) { sound, own, _ in
            let count = Self.frames - 2 * Self.joint
            let inside = try sound.frames(at: Self.joint, count: count, fallsAtEnd: true)
            #expect(inside == Array(own[Self.joint * 2..<(Self.joint + count) * 2]))
        }
    }

    @Test("a crossfade begins as the old track and ends as the new one, with equal power between")
    func crossfade() throws {
        try withItem(.crossfade) { sound, own, before in
            let mixed = try sound.frames(at: 0, count: Self.joint, fallsAtEnd: false)
            let tail = Array(before.suffix(Self.joint * 2))
            #expect(Array(mixed.prefix(2)) == Array(tail.prefix(2)))
            let end = (Self.joint - 1) * 2
            #expect(abs(Int(mixed[end]) - Int(own[end])) < 40)
            func power(_ samples: ArraySlice<Int16>) -> Double {
                samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(samples.count)
            }
            let window = 2000
            for start in stride(from: 0, to: mixed.count - window, by: window) {
                let range = start..<start + window
                let ratio = power(mixed[range]) / ((power(own[range]) + power(tail[range])) / 2)
                #expect(0.5 < ratio && ratio < 2, "power changes by \(ratio) at \(start)")
            }
        }
    }

    @Test("two loud tracks that meet do not wrap around")
    func loud() throws {
        try withItem(.crossfade, level: 32_000) { sound, _, _ in
            let mixed = try sound.frames(at: 0, count: Self.joint, fallsAtEnd: false)
            #expect(mixed.allSatisfy { $0 >= 31_000 })
        }
    }

    @Test("an end that joins nothing fades out, a beginning that joins nothing rises")
    func edges() throws {
        try withItem(.start, level: 10_000) { sound, _, _ in
            let all = try sound.frames(at: 0, count: sound.length, fallsAtEnd: true)
            #expect(all.first == 0)
            #expect(abs(Int(all.last ?? .max)) < 10)
            let steps = zip(all, all.dropFirst(2)).map { abs(Int($0) - Int($1)) }
            #expect(steps.max() ?? .max < 20, "no step that clicks")
        }
    }

    @Test("a track that cannot be read is an error, never a crash")
    func missing() {
        let item = FeedItem(source: .buffer, file: "/nowhere.wav", frames: 1, title: "t", joint: .start, jointFrames: 0)
        #expect(throws: WAVError.self) { try ItemSound(item, fallFrames: 10) }
    }
}
