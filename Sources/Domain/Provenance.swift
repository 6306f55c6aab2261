/// Where a track came from and what was measured of it. Kept with the track for as long as the track is kept.
public struct Provenance: Sendable, Hashable, Codable {
    /// The backend's name, as configured: `synth`, `audiocraft-small`, ...
    public var backend: String
    /// The model or engine version, if the backend has one.
    public var model: String?
    /// Licence of the weights or samples; nil where the music carries no strings.
    public var licence: String?
    /// True where that licence forbids a monetised channel; nil for what was composed before this was noted.
    public var nonCommercial: Bool?
    public var seed: UInt64
    /// Wall-clock seconds the rendering took.
    public var renderSeconds: Double
    /// Integrated loudness after normalisation, in LUFS (EBU R 128).
    public var loudnessLufs: Double?
    /// True peak after normalisation, in dBTP.
    public var truePeakDbtp: Double?
    /// SHA-256 of the file's bytes, lower-case hexadecimal.
    public var sha256: String?

    public init(
        backend: String, model: String? = nil, licence: String? = nil, nonCommercial: Bool? = nil, seed: UInt64,
        renderSeconds: Double, loudnessLufs: Double? = nil, truePeakDbtp: Double? = nil, sha256: String? = nil
    ) {
        self.backend = backend
        self.model = model
        self.licence = licence
        self.nonCommercial = nonCommercial
        self.seed = seed
        self.renderSeconds = renderSeconds
        self.loudnessLufs = loudnessLufs
        self.truePeakDbtp = truePeakDbtp
        self.sha256 = sha256
    }
}
