/// A backend's speed, measured: an average over its last batches that forgets slowly.
public struct MeasuredSpeed: Sendable, Codable, Equatable {
    /// Seconds of music, and of work for it; what is old weighs less.
    private var musicSeconds: Double
    private var workSeconds: Double
    /// Tracks measured in all.
    public private(set) var tracks: Int
    /// Wall clock, seconds since 1970, of the last measurement; for people only.
    public private(set) var measuredAt: Double

    /// What is left of a batch's weight after the next: a machine that changed is noticed within some twenty batches.
    private static let kept = 0.9
    private static let tracksMax = 1 << 40

    /// - Returns: nil for what is no measurement: no music, or no time.
    public init?(musicSeconds: Double, workSeconds: Double, tracks: Int, at wallSeconds: Double) {
        guard musicSeconds.isFinite, workSeconds.isFinite, musicSeconds > 0, workSeconds > 0, tracks > 0 else {
            return nil
        }
        self.musicSeconds = musicSeconds
        self.workSeconds = workSeconds
        self.tracks = min(tracks, Self.tracksMax)
        measuredAt = wallSeconds
    }

    /// Seconds of music for each second of work.
    public var speed: Double { musicSeconds / workSeconds }

    /// Takes one more batch into the average. What was refused has cost work and is no music.
    public mutating func add(musicSeconds: Double, workSeconds: Double, tracks added: Int, at wallSeconds: Double) {
        guard musicSeconds.isFinite, workSeconds.isFinite, musicSeconds >= 0, workSeconds > 0, added >= 0 else {
            return
        }
        self.musicSeconds = self.musicSeconds * Self.kept + musicSeconds
        self.workSeconds = self.workSeconds * Self.kept + workSeconds
        tracks = min(tracks + added, Self.tracksMax)
        measuredAt = wallSeconds
    }

    /// Why this cannot be ours, or nil.
    public var flaw: String? {
        guard musicSeconds.isFinite, workSeconds.isFinite, musicSeconds > 0, workSeconds > 0, speed.isFinite, speed > 0
        else { return "a speed that is none" }
        guard (1...Self.tracksMax).contains(tracks) else { return "\(tracks) tracks" }
        return measuredAt.isFinite ? nil : "a time that is none"
    }
}
