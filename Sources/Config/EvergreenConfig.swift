/// `[evergreen]`: the library of what aired before, played again while the Buffer is empty.
public struct EvergreenConfig: Sendable, Hashable {
    /// Space the library may take; 0 keeps none.
    public var maxSize = ByteCount(bytes: 4_000_000_000)
    /// Hours before a track may air again.
    public var repeatAfterHours = 6.0

    public init() {}
}

extension EvergreenConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .size(
                "max_size", \.maxSize, why: "Disk the library may take; the longest unplayed go first. 0 keeps none."),
            .number(
                "repeat_after_hours", \.repeatAfterHours, 0...8760, "hours",
                why: "A track does not air again within this time; then the synth plays instead."),
        ]
    }
}
