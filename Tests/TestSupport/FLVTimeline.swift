import Glibc
public import Platform

/// The time stamps of an FLV recording: what a player goes by. Sound that decodes without a gap can still stand
/// still at a viewer's, if the stamps jump.
public struct FLVTimeline: Sendable, Equatable {
    /// Milliseconds of each audio frame, in the order of the file.
    public var audio: [Int] = []
    /// Milliseconds of each picture, in the order of the file.
    public var video: [Int] = []
    /// Milliseconds of the pictures that can be decoded on their own.
    public var keyframes: [Int] = []

    /// A step from one stamp to the next that is not as long as it should be.
    public struct Jump: Sendable, Equatable {
        /// The stamp before it.
        public var afterMilliseconds: Int
        /// How much longer the step is than it should be; negative: shorter, or backwards.
        public var byMilliseconds: Int

        public init(afterMilliseconds: Int, byMilliseconds: Int) {
            self.afterMilliseconds = afterMilliseconds
            self.byMilliseconds = byMilliseconds
        }
    }

    /// Reads `path`, which may still grow or have been cut off: up to its last whole tag.
    public static func read(_ path: String) throws(SystemError) -> FLVTimeline {
        var timeline = FLVTimeline()
        let file = try FileDescriptor.open(path, O_RDONLY)
        // The header, and the size of the tag before the first, which is none.
        var position = try file.read(upTo: 9).count == 9 ? 13 : Int.max
        while position < Int.max {
            lseek(file.number, position, SEEK_SET)
            let head = try file.read(upTo: 13)
            guard head.count == 13 else { break }
            let size = Int(head[1]) << 16 | Int(head[2]) << 8 | Int(head[3])
            // The high byte comes last, and the whole is signed.
            let bits = UInt32(head[7]) << 24 | UInt32(head[4]) << 16 | UInt32(head[5]) << 8 | UInt32(head[6])
            timeline.add(kind: head[0] & 31, stamp: Int(Int32(bitPattern: bits)), first: head[11], second: head[12])
            position += 11 + size + 4
        }
        return timeline
    }

    private mutating func add(kind: UInt8, stamp: Int, first: UInt8, second: UInt8) {
        // Only a 1 here is sound or picture in AAC and H.264: 0 describes the stream, 2 ends it.
        switch kind {
        case 8 where first >> 4 != 10 || second == 1: audio.append(stamp)
        case 9 where first & 15 != 7 || second == 1:
            video.append(stamp)
            if first >> 4 == 1 { keyframes.append(stamp) }
        default: break
        }
    }

    /// Where the sound jumps by more than `toleranceMilliseconds`; AAC has a frame each 23.2 ms.
    public func audioJumps(toleranceMilliseconds: Double = 30) -> [Jump] {
        Self.jumps(audio, stepMilliseconds: 1024.0 / 44.1, toleranceMilliseconds)
    }

    /// Where the picture jumps by more than `toleranceMilliseconds`.
    public func videoJumps(framesPerSecond: Double = 30, toleranceMilliseconds: Double = 50) -> [Jump] {
        Self.jumps(video, stepMilliseconds: 1000 / framesPerSecond, toleranceMilliseconds)
    }

    private static func jumps(_ stamps: [Int], stepMilliseconds: Double, _ tolerance: Double) -> [Jump] {
        zip(stamps, stamps.dropFirst()).compactMap { before, after in
            let extra = Double(after - before) - stepMilliseconds
            guard abs(extra) > tolerance || after < before else { return nil }
            return Jump(afterMilliseconds: before, byMilliseconds: Int(extra.rounded()))
        }
    }
}
