internal import Domain

/// What was ever taken in from other Buffers, by checksum, so that nothing is taken in twice:
/// `import/imported.json`.
struct ImportLedger: FlawedRecord {
    static let currentVersion = 1
    /// A month of 60 s tracks; the oldest are forgotten first.
    static let countMax = 50_000

    struct Entry: Codable, Sendable, Hashable {
        var sha256: String
        var number: Int
    }

    var version = currentVersion
    /// Grows with every write.
    var generation = 0
    /// Oldest first.
    var tracks: [Entry] = []

    mutating func add(_ entries: [Entry]) {
        let known = Set(tracks.map(\.sha256))
        tracks += entries.filter { !known.contains($0.sha256) }
        tracks.removeFirst(max(0, tracks.count - Self.countMax))
    }

    var flaw: String? {
        if version != Self.currentVersion { return "version \(version), this program knows \(Self.currentVersion)" }
        if generation < 0 || generation > BufferMarks.figureMax { return "a negative or absurd generation" }
        return tracks.allSatisfy { PortableTrack.isDigest($0.sha256) } ? nil : "a checksum that is none"
    }
}

/// An import under way: `import/plan.json`. It is written before the first file is moved and removed after the last
/// record is saved, so that whoever finds it knows of every file where it is: still staged, or on the Buffer.
struct ImportPlan: FlawedRecord {
    static let currentVersion = 1

    struct Item: Codable, Sendable, Hashable {
        /// The staged file's name, in its directory under `import/`.
        var staged: String
        var sha256: String
        var entry: TrackEntry
    }

    var version = currentVersion
    var items: [Item]

    var flaw: String? {
        if version != Self.currentVersion { return "version \(version), this program knows \(Self.currentVersion)" }
        for item in items {
            let parts = item.staged.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.allSatisfy({ !$0.isEmpty && $0 != ".." && $0 != "." }) else { return "a name that is none" }
            guard let name = ChunkName(file: item.entry.file), name.number == item.entry.number,
                item.entry.slot.isSound, PortableTrack.isDigest(item.sha256)
            else { return "track \(item.entry.number): a negative or absurd figure" }
        }
        return nil
    }
}
