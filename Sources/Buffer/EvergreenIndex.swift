internal import Domain

/// The contents of `evergreen_index.json`: what aired before and may air again when the Buffer is empty.
struct EvergreenIndex: FlawedRecord {
    static let currentVersion = 1

    var version = currentVersion
    /// Grows with every write.
    var generation = 0
    var tracks: [EvergreenEntry] = []

    var flaw: String? {
        if version != Self.currentVersion { return "version \(version), this program knows \(Self.currentVersion)" }
        if generation < 0 || generation > BufferMarks.figureMax { return "a negative or absurd generation" }
        var seen: Set<String> = []
        for entry in tracks {
            if let flaw = entry.flaw { return flaw }
            if !seen.insert(entry.file).inserted { return "\(entry.file) is there twice" }
        }
        return nil
    }

    func holds(_ file: String) -> Bool { tracks.contains { $0.file == file } }

    /// Adds an entry, replacing one for the same file.
    mutating func put(_ entry: EvergreenEntry) {
        tracks.removeAll { $0.file == entry.file }
        tracks.append(entry)
    }

    /// Least recently aired first; what never aired comes before everything.
    var byLastAired: [EvergreenEntry] {
        tracks.sorted {
            ($0.lastAiredAtSeconds ?? -1, $0.number, $0.file) < ($1.lastAiredAtSeconds ?? -1, $1.number, $1.file)
        }
    }

    /// Drops what aired longest ago until the rest fits. What never aired is dropped last.
    /// - Returns: the files that may go.
    mutating func trim(toBytes bytesMax: Int) -> [String] {
        var bytes = tracks.reduce(0) { $0 + $1.bytes }
        var dropped: [String] = []
        for entry in byLastAired.filter({ $0.lastAiredAtSeconds != nil })
            + byLastAired.filter({ $0.lastAiredAtSeconds == nil })
        {
            if bytes <= bytesMax { break }
            bytes -= entry.bytes
            dropped.append(entry.file)
        }
        let gone = Set(dropped)
        tracks.removeAll { gone.contains($0.file) }
        return dropped
    }
}

/// One file of the evergreen library.
struct EvergreenEntry: Codable, Sendable, Hashable {
    var file: String
    var number: Int
    var promptIndex: Int
    var positionInPrompt: Int
    var frames: Int
    var title: String
    var provenance: Provenance?
    /// `BufferMarks.airedSeconds` when it last aired; nil: never, or not known any more.
    var lastAiredAtSeconds: Double?

    init(_ entry: TrackEntry) {
        file = entry.file
        number = entry.number
        promptIndex = entry.promptIndex
        positionInPrompt = entry.positionInPrompt
        frames = entry.frames
        title = entry.title
        provenance = entry.provenance
        lastAiredAtSeconds = entry.airedAtSeconds
    }

    var bytes: Int { frames * StationAudio.bytesPerFrame + 44 }

    func track(in directory: String) -> BufferTrack {
        BufferTrack(
            number: number, promptIndex: promptIndex, positionInPrompt: positionInPrompt, title: title, frames: frames,
            provenance: provenance, path: "\(directory)/\(file)")
    }

    fileprivate var flaw: String? {
        if ChunkName(file: file)?.number != number { return "\"\(file)\" is not the file of track \(number)" }
        if !(0...TrackEntry.framesMax).contains(frames) || promptIndex < 0 || positionInPrompt < 0 {
            return "\(file): a negative figure"
        }
        if let lastAiredAtSeconds, !(lastAiredAtSeconds >= 0) { return "\(file): a negative time" }
        return nil
    }
}
