/// `[encoder]`: the picture, the bit rates, the cushion and the local HLS.
public struct EncoderConfig: Sendable, Hashable {
    /// Absolute path of the looping picture; nil takes the station's own.
    public var animation: String?
    /// Pixels, even.
    public var width = 1280
    /// Pixels, even.
    public var height = 720
    public var framesPerSecond = 30
    public var videoKbps = 2500
    public var audioKbps = 160
    /// Sound held in the encoder, which covers a feeder that is being restarted.
    public var cushionSeconds = 12.0
    public var hlsSegmentSeconds = 2.0
    /// Segments the local player can go back.
    public var hlsWindowSegments = 30
    /// An ffmpeg is replaced by a new one after this many days.
    public var sessionDaysMax = 20.0

    public init() {}
}
