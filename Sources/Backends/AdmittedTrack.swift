public import Domain

/// A file that may enter the Buffer, and what was measured of it.
public struct AdmittedTrack: Sendable, Hashable {
    /// The canonical WAV.
    public var file: String
    /// Exactly what was asked for.
    public var frames: Int
    public var measurements: Measurements
    /// Of the file's bytes, lower-case hexadecimal.
    public var sha256: String
    /// Nil where the build of ffmpeg has no chromaprint.
    public var fingerprint: Fingerprint?

    /// `provenance` with what Admission measured.
    public func complete(_ provenance: Provenance) -> Provenance {
        var complete = provenance
        complete.loudnessLufs = measurements.loudnessLufs
        complete.truePeakDbtp = measurements.truePeakDbtp
        complete.sha256 = sha256
        return complete
    }
}

/// What was measured of a track before and after normalisation.
public struct Measurements: Sendable, Hashable, Codable {
    public var sourceSeconds: Double
    public var sourceHertz: Int
    public var sourceChannels: Int
    public var sourceLufs: Double
    public var sourceTruePeakDbtp: Double
    /// The one linear gain.
    public var gainDb: Double
    /// The limiter was needed under the ceiling.
    public var limited: Bool
    /// Of the canonical file.
    public var loudnessLufs: Double
    /// Of the canonical file.
    public var truePeakDbtp: Double
    /// Of the canonical file; 0 when there is none of half a second or more.
    public var longestSilenceSeconds: Double
}
