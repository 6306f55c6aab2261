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

extension EncoderConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .optionalText(
                "animation", \.animation, "an absolute path",
                why: "The picture: a video that loops, prepared once. Without one the station draws its own.",
                example: "/var/lib/lofisup/balcony.mp4", isAllowed: \.isAbsolutePath),
            .whole("width", \.width, 16...3840, "pixels", isEven: true, why: "Width of the picture."),
            .whole("height", \.height, 16...2160, "pixels", isEven: true, why: "Height of the picture."),
            .whole(
                "frames_per_second", \.framesPerSecond, 1...60, "frames",
                why: "Frames a second; 30 is what YouTube expects of 720p."),
            .whole(
                "video_kbps", \.videoKbps, 100...50_000, "kbit/s",
                why: "Bit rate of the picture. YouTube asks for 1500 to 4000 at 720p with 30 frames a second."),
            .whole(
                "audio_kbps", \.audioKbps, 128...512, "kbit/s",
                why: "Bit rate of the sound (AAC, 44.1 kHz, stereo). YouTube asks for 128."),
            .number(
                "cushion_seconds", \.cushionSeconds, 10...60, "seconds",
                why: "Sound held in the encoder. A feeder that dies must be back within it; a skip waits for it."),
            .number(
                "hls_segment_seconds", \.hlsSegmentSeconds, 1...10, "seconds",
                why: "Length of a segment of the local stream. Shorter ones lag less behind the air."),
            .whole(
                "hls_window_segments", \.hlsWindowSegments, 3...1800, "segments",
                why: "Segments on disk for the dashboard's player to go back to."),
            .number(
                "session_days_max", \.sessionDaysMax, 0.01...24, "days",
                why: "An ffmpeg is replaced after this time, before its 32-bit time stamps run out at 24.8 days."),
        ]
    }
}
