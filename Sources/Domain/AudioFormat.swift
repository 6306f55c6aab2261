/// The station's one canonical sound: 44.1 kHz, stereo, signed 16-bit little-endian, interleaved.
///
/// 44.1 kHz is what YouTube asks of a stereo stream, so nothing between a track on the Buffer and the
/// ingest resamples, and a frame counted in the Feeder is the same frame at the far end.
public enum StationAudio {
    /// Frames (one sample for each channel) a second.
    public static let framesPerSecond = 44_100
    public static let channels = 2
    /// Bytes of one frame: two channels of 16 bits.
    public static let bytesPerFrame = 4

    /// The nearest whole number of frames in `seconds`.
    public static func frames(inSeconds seconds: Double) -> Int {
        Int((seconds * Double(framesPerSecond)).rounded())
    }

    /// The length of `frames`, in seconds.
    public static func seconds(ofFrames frames: Int) -> Double {
        Double(frames) / Double(framesPerSecond)
    }
}
