/// `[evergreen]`: the library of what aired before, played again while the Buffer is empty.
public struct EvergreenConfig: Sendable, Hashable {
    /// Space the library may take; 0 keeps none.
    public var maxSize = ByteCount(bytes: 4_000_000_000)
    /// Hours before a track may air again.
    public var repeatAfterHours = 6.0

    public init() {}
}
