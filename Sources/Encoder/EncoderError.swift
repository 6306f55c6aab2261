internal import Platform

/// What the encoder cannot do, in the operator's words.
enum EncoderError: Error, Equatable, CustomStringConvertible {
    case discontinuousFeed(expected: Int, got: Int)
    case unreadableFeed(String)
    /// ffmpeg put out something that is not FLV.
    case notFlv(String)

    var description: String {
        switch self {
        case .discontinuousFeed(let expected, let got): "the feeder sent frame \(got) where frame \(expected) follows"
        case .unreadableFeed(let reason): "the feeder sent what cannot be read: \(reason)"
        case .notFlv(let reason): "ffmpeg's output is not FLV: \(reason)"
        }
    }
}
