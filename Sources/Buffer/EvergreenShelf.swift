internal import Domain
internal import Platform
internal import Synchronization

/// The evergreen library as the holder of the Buffer's lock changes it.
extension LockedShelf {
    func evergreenIndex() throws(BufferError) -> EvergreenIndex {
        let found = try files.cache.withLock { cache throws(BufferError) in try cache.refreshEvergreen(paths) }
        if let found { return found }
        var report = ReconcileReport()
        try reconcileEvergreen(&report)
        if let words = report.words { note(words) }
        return try files.cache.withLock { cache throws(BufferError) in try cache.refreshEvergreen(paths) }
            ?? EvergreenIndex()
    }

    func saveEvergreen(_ index: EvergreenIndex) throws(BufferError) {
        var next = index
        next.generation += 1
        let stamp = try RecordFile<EvergreenIndex>(paths.evergreenIndex).save(next, generation: next.generation)
        files.cache.withLock { $0.wrote(next, stamp) }
    }

    func removeEvergreen(_ names: [String]) throws(BufferError) {
        for name in names {
            let path = "\(paths.evergreen)/\(name)"
            try onDisk(path) { () throws(SystemError) in _ = try Files.remove(path) }
        }
    }

    /// Puts a late track into the library.
    func shelveLate(_ entry: TrackEntry, from file: String) throws(BufferError) -> CommitOutcome {
        guard rules.evergreenBytesMax > 0 else {
            try onDisk(file) { () throws(SystemError) in _ = try Files.remove(file) }
            return .deleted
        }
        var index = try evergreenIndex()
        index.put(EvergreenEntry(entry))
        let dropped = index.trim(toBytes: rules.evergreenBytesMax)
        try saveEvergreen(index)
        if dropped.contains(entry.file) {
            try onDisk(file) { () throws(SystemError) in _ = try Files.remove(file) }
        } else {
            let target = "\(paths.evergreen)/\(entry.file)"
            try onDisk(target) { () throws(SystemError) in try Files.move(file, to: target) }
        }
        try removeEvergreen(dropped.filter { $0 != entry.file })
        return dropped.contains(entry.file) ? .deleted : .evergreen(file: entry.file)
    }

    /// Drops the oldest-aired of the library to make `bytes` of room on the disk. Returns true when anything went.
    func freeEvergreen(bytes: Int) throws(BufferError) -> Bool {
        var index = try evergreenIndex()
        let held = index.tracks.reduce(0) { $0 + $1.bytes }
        let dropped = index.trim(toBytes: max(0, held - bytes))
        if dropped.isEmpty { return false }
        // On a full disk the room must be made before anything can be written, the index included.
        try removeEvergreen(dropped)
        try saveEvergreen(index)
        return true
    }

    /// Brings the library's index and its files back into agreement.
    func reconcileEvergreen(_ report: inout ReconcileReport) throws(BufferError) {
        let file = RecordFile<EvergreenIndex>(paths.evergreenIndex)
        var index = EvergreenIndex()
        var changed = false
        switch try file.load() {
        case .whole(let record, _): index = record
        case .missing: break
        case .broken(let reason):
            report.repairs.append(.rebuilt(file: file.name, setAsideAs: try file.setAside(), reason: reason))
            if let previous = file.loadPrevious() { index = previous }
            changed = true
        }
        let names = try onDisk(paths.evergreen) { () throws(SystemError) in try Files.names(in: paths.evergreen) }
        let present = Set(names)
        let missing = index.tracks.filter { !present.contains($0.file) }.map(\.file)
        if !missing.isEmpty {
            index.tracks.removeAll { !present.contains($0.file) }
            report.repairs += missing.map { .entryDropped(file: "evergreen/\($0)") }
            changed = true
        }
        let known = Set(index.tracks.map(\.file))
        let unknown = names.filter { !known.contains($0) && !file.owns($0) && !AtomicFile.isTemporaryName($0) }
        let titles = unknown.isEmpty ? [:] : previousEntries()
        for name in unknown {
            guard let chunk = ChunkName(file: name), let frames = evergreenFrames(name) else {
                report.foreign.append("evergreen/\(name)")
                continue
            }
            index.put(EvergreenEntry(evergreenBlank(chunk, frames: frames, known: titles[name])))
            report.repairs.append(.adopted(file: "evergreen/\(name)"))
            changed = true
        }
        let dropped = index.trim(toBytes: rules.evergreenBytesMax)
        if changed || !dropped.isEmpty { try saveEvergreen(index) }
        try removeEvergreen(dropped)
    }

    private func evergreenFrames(_ name: String) -> Int? {
        let frames = (try? WAVReader(path: "\(paths.evergreen)/\(name)", format: .station))?.frames ?? 0
        return frames > 0 ? frames : nil
    }

    private func evergreenBlank(_ chunk: ChunkName, frames: Int, known: TrackEntry?) -> TrackEntry {
        var entry =
            known
            ?? TrackEntry(
                number: chunk.number, file: chunk.file, promptIndex: chunk.promptIndex, positionInPrompt: 0,
                seconds: 0, frames: frames, state: .consumed, title: "Chunk \(ChunkName.padded(chunk.number))",
                provenance: nil, createdAt: 0)
        entry.frames = frames
        return entry
    }
}

extension ShelfFiles {
    /// Makes `bytes` and a track's worth of room on a full disk out of the evergreen library.
    /// - Throws: `error`, when the library has nothing to give.
    func freeEvergreen(orThrow error: BufferError, bytes: Int) throws(BufferError) {
        let helped = try exclusively(reconciles: true) { shelf throws(BufferError) in
            try shelf.freeEvergreen(bytes: bytes + rules.trackBytes)
        }
        if !helped { throw error }
    }
}
