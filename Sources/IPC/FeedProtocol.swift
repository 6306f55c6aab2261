public import Domain

// What feeder and encoder say to each other on the feed socket.
//
// The encoder greets with one `FeedGreeting` line. The feeder then sends blocks: one `FeedBlock` line, followed by
// `frames` x 4 bytes of PCM (see `StationAudio`). The encoder reads only while its cushion has room, which is all
// the flow control there is, and sends a `FeedAck` line a few times a second. Frames are numbered along one timeline
// that outlives both processes, so neither can lose or repeat one: a block that does not start exactly where the
// last one ended is refused, and a feeder that comes back is told where to go on.

/// How a track begins.
public enum FeedJoint: String, Sendable, Codable {
    /// At once: the first track, or after a repair.
    case start
    /// Faded into over the tail of the previous track.
    case crossfade
    /// After digital silence.
    case silence
}

/// One track on the timeline, with all that is needed to compute each of its frames again.
public struct FeedItem: Sendable, Codable, Equatable {
    public var source: TrackSource
    /// Path of the WAV.
    public var file: String
    /// Frames in the file.
    public var frames: Int
    public var title: String
    public var promptIndex: Int?
    /// The chunk's number on the Buffer.
    public var number: Int?
    /// The highest number taken from the Buffer so far; what a feeder that comes back goes on from.
    public var passedNumber: Int?
    public var joint: FeedJoint
    /// Frames of the crossfade or the silence with which the item begins on the timeline.
    public var jointFrames: Int
    /// For a crossfade: the file whose last `jointFrames` frames fade out.
    public var previousFile: String?

    public init(
        source: TrackSource, file: String, frames: Int, title: String, promptIndex: Int? = nil, number: Int? = nil,
        passedNumber: Int? = nil, joint: FeedJoint, jointFrames: Int, previousFile: String? = nil
    ) {
        self.source = source
        self.file = file
        self.frames = frames
        self.title = title
        self.promptIndex = promptIndex
        self.number = number
        self.passedNumber = passedNumber
        self.joint = joint
        self.jointFrames = jointFrames
        self.previousFile = previousFile
    }
}

/// Where on the timeline an item begins.
public struct FeedMark: Sendable, Codable, Equatable {
    /// Timeline frame of the item's first frame, its joint included.
    public var at: Int
    public var item: FeedItem

    public init(at: Int, item: FeedItem) {
        self.at = at
        self.item = item
    }
}

public struct FeedGreeting: Sendable, Codable, Equatable {
    /// The timeline frame the next block must start with.
    public var nextFrame: Int
    /// Frames before this one have left the encoder.
    public var heardFrame: Int
    /// The items that cover heardFrame ... nextFrame, oldest first; empty on a new timeline.
    public var marks: [FeedMark]

    public init(nextFrame: Int, heardFrame: Int, marks: [FeedMark]) {
        self.nextFrame = nextFrame
        self.heardFrame = heardFrame
        self.marks = marks
    }
}

public struct FeedBlock: Sendable, Codable, Equatable {
    /// Timeline frame of the block's first frame.
    public var at: Int
    /// Frames that follow this line.
    public var frames: Int
    /// Set when an item begins with this block.
    public var item: FeedItem?
    /// Set when nothing more is to air for now: play what you have, then take the stream down cleanly.
    public var offAir: Bool?

    /// The longest block.
    public static let framesMax = 44_100

    public init(at: Int, frames: Int, item: FeedItem? = nil, offAir: Bool? = nil) {
        self.at = at
        self.frames = frames
        self.item = item
        self.offAir = offAir
    }
}

public struct FeedAck: Sendable, Codable, Equatable {
    public var heardFrame: Int
    /// Set when the encoder refuses what it was sent; it closes the connection after saying so.
    public var refusal: String?

    public init(heardFrame: Int, refusal: String? = nil) {
        self.heardFrame = heardFrame
        self.refusal = refusal
    }
}
