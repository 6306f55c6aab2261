/// The picture every destination is sent: what the looping animation is prepared for.
public struct PictureFormat: Sendable, Hashable, Codable {
    /// Pixels; even.
    public let width: Int
    /// Pixels; even.
    public let height: Int
    /// Constant; a keyframe follows every `2 * framesPerSecond` frames.
    public let framesPerSecond: Int
    /// Kilobits a second (1000 bits): both the mean and the ceiling.
    public let videoKbps: Int

    public init(width: Int, height: Int, framesPerSecond: Int, videoKbps: Int) {
        self.width = width
        self.height = height
        self.framesPerSecond = framesPerSecond
        self.videoKbps = videoKbps
    }

    /// Seconds from one keyframe to the next, which YouTube wants at 2 (at most 4).
    public static let keyframeSeconds = 2
    /// Frames of one closed group of pictures.
    var framesPerGroup: Int { Self.keyframeSeconds * framesPerSecond }

    /// Refuses what no encoder could make, naming the figure.
    func check() throws(AnimationError) {
        guard (64...7680).contains(width), (36...7680).contains(height), width % 2 == 0, height % 2 == 0 else {
            throw .badFormat("\(width)x\(height): both sides must be even, at least 64x36 and at most 7680")
        }
        guard (1...60).contains(framesPerSecond) else {
            throw .badFormat("\(framesPerSecond) frames a second: it must be 1 to 60")
        }
        guard (20...100_000).contains(videoKbps) else {
            throw .badFormat("\(videoKbps) kbit/s of video: it must be 20 to 100000")
        }
    }
}
