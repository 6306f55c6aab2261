/// How fast one backend composes, as one generator has measured it.
public struct BackendPace: Sendable, Codable, Equatable {
    /// As in the configuration.
    public var name: String
    /// Seconds of music for each second of one generator's work, checking included; nil before anybody knows.
    public var speed: Double?
    /// Tracks that `speed` was measured on; 0 for one that is only expected.
    public var tracks: Int
    /// Tracks that are asked for at once.
    public var batch: Int
    /// False while it rests after failures.
    public var isAvailable: Bool

    public init(name: String, speed: Double? = nil, tracks: Int = 0, batch: Int = 1, isAvailable: Bool = true) {
        self.name = name
        self.speed = speed
        self.tracks = tracks
        self.batch = batch
        self.isAvailable = isAvailable
    }
}
