internal import Domain

/// The contents of `buffer_metadata.json`.
struct BufferMetadata: Codable, Sendable {
    static let currentVersion = 1

    var version = currentVersion
    /// Grows with every write.
    var generation = 0
    /// As they were when this version was written.
    var marks = BufferMarks()
    var tracks: [TrackEntry] = []
}

/// One file of the Buffer.
struct TrackEntry: Codable, Sendable, Hashable {
    enum State: String, Codable, Sendable { case ready, consumed }

    var number: Int
    var file: String
    var promptIndex: Int
    var positionInPrompt: Int
    /// For people; `frames` is what counts.
    var seconds: Double
    var frames: Int
    var state: State
    var title: String
    var provenance: Provenance?
    /// Wall clock, seconds since 1970; for people only.
    var createdAt: Double
    /// Wall clock, seconds since 1970; for people only.
    var airedAt: Double?
    /// `BufferMarks.airedSeconds` when it aired.
    var airedAtSeconds: Double?

    /// What fits into a WAV file, and a little more.
    static let framesMax = 1 << 31

    func track(in directory: String) -> BufferTrack {
        BufferTrack(
            number: number, promptIndex: promptIndex, positionInPrompt: positionInPrompt, title: title, frames: frames,
            provenance: provenance, path: "\(directory)/\(file)")
    }

    var slot: Slot { Slot(number: number, promptIndex: promptIndex, positionInPrompt: positionInPrompt) }
}

extension BufferMetadata: FlawedRecord {
    var flaw: String? {
        if version != Self.currentVersion { return "version \(version), this program knows \(Self.currentVersion)" }
        if generation < 0 || generation > BufferMarks.figureMax { return "a negative or absurd generation" }
        if let flaw = marks.flaw { return "marks: \(flaw)" }
        var seen: Set<Int> = []
        for entry in tracks {
            guard let name = ChunkName(file: entry.file), name.number == entry.number,
                name.promptIndex == entry.promptIndex
            else { return "track \(entry.number): \"\(entry.file)\" is not its file's name" }
            if !entry.slot.isSound || !(0...TrackEntry.framesMax).contains(entry.frames) || entry.seconds < 0 {
                return "track \(entry.number): a negative or absurd figure"
            }
            if !seen.insert(entry.number).inserted { return "track \(entry.number) is there twice" }
        }
        return nil
    }
}
