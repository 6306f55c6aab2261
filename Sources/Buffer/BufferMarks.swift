internal import Domain

/// The few figures that must outlive everything else on the Buffer: how far numbers and airing have come.
///
/// They are kept in a small file of their own and, as they were then, in every version of the metadata. Each only
/// grows, so whatever copies survive a crash are merged by taking the larger.
struct BufferMarks: Codable, Hashable, Sendable {
    /// The highest slot ever given out.
    var lastSlot: Slot?
    /// Every number up to here has aired or was passed.
    var consumedThrough = 0
    /// The highest number handed to the feeder; a track committed at or under it is late.
    var takenThrough = 0
    /// Music aired in all, in seconds: the Buffer's own time, which no clock can turn back.
    var airedSeconds = 0.0
    /// Reservations made in all; names staging files so that no two share one.
    var reservations = 0
    /// Changes made in all: the later of two copies has the higher figure.
    var changes = 0
    /// The state that the last change left, for hysteresis that all processes share.
    var health: BufferHealth?
    var notice: Notice?

    struct Notice: Codable, Hashable, Sendable {
        var words: String
        /// `changes` when it was said.
        var atChange: Int
    }

    /// A number at or under this is of no more use to the feeder.
    var passedThrough: Int { max(consumedThrough, takenThrough) }

    /// What copies on disk agree on, whichever were lost.
    func merged(with other: BufferMarks?) -> BufferMarks {
        guard let other else { return self }
        var merged = changes >= other.changes ? self : other
        merged.lastSlot = [lastSlot, other.lastSlot].compactMap { $0 }.max()
        merged.consumedThrough = max(consumedThrough, other.consumedThrough)
        merged.takenThrough = max(takenThrough, other.takenThrough)
        merged.airedSeconds = max(airedSeconds, other.airedSeconds)
        merged.reservations = max(reservations, other.reservations)
        return merged
    }

    /// Far beyond a century of changes, and far from overflow.
    static let figureMax = 1 << 50

    /// Why these figures cannot be ours, or nil.
    var flaw: String? {
        let figures = [consumedThrough, takenThrough, reservations, changes]
        if figures.contains(where: { $0 < 0 || $0 > Self.figureMax }) { return "a negative or absurd figure" }
        if max(consumedThrough, takenThrough) > ChunkName.largest { return "a number over \(ChunkName.largest)" }
        if let lastSlot, !lastSlot.isSound { return "slot \(lastSlot.number) makes no sense" }
        return airedSeconds >= 0 && airedSeconds.isFinite ? nil : "aired_seconds makes no sense"
    }
}

extension BufferMarks: FlawedRecord {}
