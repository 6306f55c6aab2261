public import Domain

/// `[buffer]`: how far ahead music is made, and what happens when it runs out.
public struct BufferConfig: Sendable, Hashable {
    /// Hours of music the generator works towards.
    public var targetHours = 24.0
    /// Hours of music at which the generator stops altogether; at least `targetHours`.
    public var maxHours = 30.0
    /// Thresholds of the five health states and the rests in them; flat keys of the table.
    public var bands = HealthBands()
    /// Tracks kept after they aired.
    public var keepConsumed = 10
    public var whenDepleted = DepletedPolicy.fallback
    /// Free space on the Buffer's file system that generation never eats into.
    public var diskReserve = ByteCount(bytes: 2_000_000_000)

    public init() {}
}

/// What the station does when the Buffer is empty.
public enum DepletedPolicy: String, Sendable, Hashable, CaseIterable {
    /// Go on with what aired before, then with the synth in real time.
    case fallback
    /// End the stream cleanly and resume when the Buffer is back.
    case shutdown
}
