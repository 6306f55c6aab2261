internal import Glibc

/// The one rate this room renders at.
enum SampleRate {
    static let hertz: Float = 44_100

    /// Multiplier that, applied once a sample, shrinks a value by e in `seconds`.
    static func decay(_ seconds: Float) -> Float {
        expf(-1 / (max(seconds, 1e-4) * hertz))
    }
}
