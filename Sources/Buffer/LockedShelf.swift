internal import Domain
internal import Platform
internal import Synchronization

/// The Buffer while its lock is held: read once, changed in memory, saved. Lives inside one `exclusively`.
final class LockedShelf {
    let files: ShelfFiles
    /// By number, lowest first.
    var tracks: [TrackEntry]
    var marks: BufferMarks

    var paths: BufferPaths { files.paths }
    var rules: BufferRules { files.rules }
    var slots: SlotDirectory { SlotDirectory(path: paths.slots) }

    init(files: ShelfFiles, snapshot: ShelfSnapshot) {
        self.files = files
        tracks = snapshot.tracks
        marks = snapshot.marks
    }

    var snapshot: ShelfSnapshot { ShelfSnapshot(tracks: tracks, marks: marks) }

    /// Numbers only grow: whatever number is seen on a track or an open slot was given out.
    func raiseCursor() throws(BufferError) {
        let seen = try [marks.lastSlot, tracks.last?.slot, slots.open().last].compactMap { $0 }
        marks.lastSlot = seen.max()
    }

    /// Writes the marks, then the metadata. In this order a crash in between leaves marks that are ahead, which
    /// every reader applies to the entries it reads.
    func save() throws(BufferError) {
        try saveMarks()
        try saveTracks()
    }

    /// Writes the marks alone: enough when no entry changes.
    func saveMarks() throws(BufferError) {
        advance()
        let file = RecordFile<BufferMarks>(paths.marks)
        let stamp = try file.save(marks, generation: marks.changes)
        files.cache.withLock { $0.wrote(marks, stamp) }
    }

    /// Writes the metadata alone: enough when the marks only changed in what may be lost.
    func saveTracks() throws(BufferError) {
        advance()
        let last = files.cache.withLock { $0.metadata?.record.generation } ?? marks.changes
        let record = BufferMetadata(generation: last + 1, marks: marks, tracks: tracks)
        let file = RecordFile<BufferMetadata>(paths.metadata)
        let stamp = try file.save(record, generation: record.generation)
        files.cache.withLock { $0.wrote(record, stamp) }
    }

    /// Says something to the operator, in the summary's notice.
    func note(_ words: String) { marks.notice = BufferMarks.Notice(words: words, atChange: marks.changes) }

    private func advance() {
        marks.changes += 1
        let hours = StationAudio.seconds(ofFrames: snapshot.readyFrames) / 3600
        marks.health = rules.health.health(hours: hours, previous: marks.health)
    }
}
