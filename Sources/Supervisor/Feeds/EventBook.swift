internal import FoundationEssentials
internal import IPC
internal import Platform

/// What has happened to the station, for `ctl events`: the newest events in memory, all of them in a file, numbered
/// without gaps over restarts of the supervisor too.
struct EventBook {
    private(set) var ring: Ring
    private let scribe: Scribe
    private static let countMax = 5000
    private static let bytesMax = 2 << 20
    private static let tailBytesMax = 1 << 20

    /// Continues the book in `journal`.
    init(journal: String, scribe: Scribe) {
        self.scribe = scribe
        ring = Ring(countMax: Self.countMax, bytesMax: Self.bytesMax)
        for line in Self.tail(of: journal) {
            // A line that a power cut left half is not an event; what counts is the number of the last whole one.
            guard let entry = try? StationJSON.decode(FeedEntry.self, from: Data(line)),
                entry.number >= ring.nextNumber
            else { continue }
            ring.restore(entry)
        }
    }

    mutating func add(_ kind: String, _ text: String, worker: String?, time: Double) {
        let entry = ring.add(time: time, worker: worker, kind: kind, text: text)
        if let line = try? StationJSON.encode(entry) { scribe.add(line: Array(line)) }
    }

    private static func tail(of path: String) -> [ArraySlice<UInt8>] {
        // Right after a rotation the file is empty and the numbers go on from the older one.
        [path + ".1", path].flatMap { path -> [ArraySlice<UInt8>] in
            guard let bytes = try? Files.tail(of: path, bytesMax: tailBytesMax) else { return [] }
            return bytes.split(separator: UInt8(ascii: "\n"))
        }
    }
}
