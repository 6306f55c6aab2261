internal import Domain
internal import Glibc
internal import Platform
internal import Synchronization

/// A track's file as the directory lists it.
private struct FoundChunk {
    let name: ChunkName
    let bytes: Int
}

/// Bringing records and files back into agreement. The files are the truth; the records say what files cannot.
extension LockedShelf {
    @discardableResult
    func reconcile() throws(BufferError) -> ReconcileReport {
        var report = ReconcileReport()
        let before = marks
        let metadataMissing = try reload(&report)
        try removeStaleTemporaries(&report)
        var chunks = try sortNames(&report)
        try checkEntries(against: &chunks, &report)
        try adopt(chunks.values.map(\.name).sorted(), metadataMissing: metadataMissing, &report)
        try raiseCursor()
        tracks = snapshot.tracks
        try sweepSlots(&report)
        try reconcileEvergreen(&report)
        let retired = retire()
        if let words = report.words { note(words) }
        let (recorded, isNew) = files.cache.withLock { ($0.metadata?.record.tracks, $0.marks == nil) }
        if isNew || recorded != tracks || before != marks {
            try shelve(retired)
        }
        return report
    }

    /// Reads the records as they are, setting aside what cannot be believed.
    /// - Returns: true when there was no metadata at all.
    private func reload(_ report: inout ReconcileReport) throws(BufferError) -> Bool {
        let marksFile = RecordFile<BufferMarks>(paths.marks)
        let metadataFile = RecordFile<BufferMetadata>(paths.metadata)
        let known = try files.cache.withLock { cache throws(BufferError) in
            _ = try cache.refresh(paths)
            return (metadata: cache.metadata, marks: cache.marks)
        }
        var found = BufferMarks()
        if let record = try believe(marksFile, known.marks, &report) {
            found = record
        } else {
            files.cache.withLock { $0.marks = nil }
            found = marksFile.loadPrevious() ?? found
        }
        let metadataMissing = try metadataFile.stamp() == nil
        if let record = try believe(metadataFile, known.metadata, &report) {
            found = record.marks.merged(with: found)
            tracks = record.tracks
        } else {
            files.cache.withLock { $0.metadata = nil }
            found = found.merged(with: metadataFile.loadPrevious()?.marks)
            tracks = []
        }
        marks = found
        tracks = snapshot.tracks
        return metadataMissing
    }

    private func believe<Record>(
        _ file: RecordFile<Record>, _ known: (record: Record, stamp: FileStamp)?, _ report: inout ReconcileReport
    ) throws(BufferError) -> Record? {
        if let known, try file.stamp() == known.stamp { return known.record }
        switch try file.load() {
        case .whole(let record, _): return record
        case .missing: return nil
        case .broken(let reason):
            let aside = try file.setAside()
            report.repairs.append(.rebuilt(file: file.name, setAsideAs: aside, reason: reason))
            return nil
        }
    }

    /// What the version before the current metadata knew of each file.
    func previousEntries() -> [String: TrackEntry] {
        let previous = RecordFile<BufferMetadata>(paths.metadata).loadPrevious()?.tracks ?? []
        return Dictionary(previous.map { ($0.file, $0) }, uniquingKeysWith: { one, _ in one })
    }

    private func removeStaleTemporaries(_ report: inout ReconcileReport) throws(BufferError) {
        for directory in [paths.buffer, paths.evergreen] {
            let gone = try onDisk(directory) { () throws(SystemError) in try AtomicFile.removeStale(in: directory) }
            report.repairs += gone.map { .temporaryRemoved(file: $0) }
        }
    }

    /// The tracks among the names in the Buffer's directory; the names that are not ours go into the report.
    private func sortNames(_ report: inout ReconcileReport) throws(BufferError) -> [String: FoundChunk] {
        let metadataFile = RecordFile<BufferMetadata>(paths.metadata)
        let marksFile = RecordFile<BufferMarks>(paths.marks)
        let own: Set<String> = ["buffer.lock", "staging", "slots", "refused", "evergreen", "import", "lost+found"]
        var chunks: [String: FoundChunk] = [:]
        for name in try onDisk(paths.buffer, { () throws(SystemError) in try Files.names(in: paths.buffer) }) {
            if own.contains(name) || metadataFile.owns(name) || marksFile.owns(name) { continue }
            if AtomicFile.isTemporaryName(name) { continue }
            if let chunk = ChunkName(file: name), let stamp = try stamp(name), stamp.kind == .regular {
                chunks[name] = FoundChunk(name: chunk, bytes: stamp.bytes)
            } else {
                report.foreign.append(name)
            }
        }
        return chunks
    }

    private func stamp(_ name: String) throws(BufferError) -> FileStamp? {
        let path = "\(paths.buffer)/\(name)"
        return try onDisk(path) { () throws(SystemError) in try Files.stamp(path) }
    }

    /// Drops entries without a file; reads again those files that are too short for what their entry says.
    private func checkEntries(
        against present: inout [String: FoundChunk], _ report: inout ReconcileReport
    ) throws(BufferError) {
        var kept: [TrackEntry] = []
        kept.reserveCapacity(tracks.count)
        for var entry in tracks {
            guard let found = present[entry.file] else {
                report.repairs.append(.entryDropped(file: entry.file))
                continue
            }
            if found.bytes < 44 + entry.frames * StationAudio.bytesPerFrame || entry.frames == 0 {
                guard let frames = try framesOrRefusal(entry.file, &report) else {
                    present[entry.file] = nil
                    continue
                }
                report.repairs.append(.framesCorrected(file: entry.file, was: entry.frames, now: frames))
                entry.frames = frames
                entry.seconds = StationAudio.seconds(ofFrames: frames)
            }
            kept.append(entry)
        }
        tracks = kept
    }

    /// Gives an entry to every track that has none.
    private func adopt(
        _ chunks: [ChunkName], metadataMissing: Bool,
        _ report: inout ReconcileReport
    ) throws(BufferError) {
        let files = Set(tracks.map(\.file))
        var numbers = Set(tracks.map(\.number))
        let unknown = chunks.filter { !files.contains($0.file) }.sorted()
        if unknown.isEmpty { return }
        let titles = previousEntries()
        if metadataMissing {
            report.repairs.append(.missing(file: RecordFile<BufferMetadata>(paths.metadata).name))
        }
        let positions = try Dictionary(
            slots.open().map { ($0.number, $0.positionInPrompt) }, uniquingKeysWith: { one, _ in one })
        for chunk in unknown {
            guard !numbers.contains(chunk.number) else {
                report.foreign.append(chunk.file)
                continue
            }
            guard let frames = try framesOrRefusal(chunk.file, &report) else { continue }
            var entry = titles[chunk.file] ?? blankEntry(chunk, position: positions[chunk.number])
            entry.frames = frames
            entry.seconds = StationAudio.seconds(ofFrames: frames)
            numbers.insert(chunk.number)
            tracks.append(entry)
            report.repairs.append(.adopted(file: chunk.file))
        }
        tracks = snapshot.tracks
        guessPositions()
    }

    /// What can be said of a track whose name is all there is.
    private func blankEntry(_ chunk: ChunkName, position: Int?) -> TrackEntry {
        TrackEntry(
            number: chunk.number, file: chunk.file, promptIndex: chunk.promptIndex,
            positionInPrompt: position ?? Self.unknownPosition, seconds: 0, frames: 0, state: .ready,
            title: "Chunk \(ChunkName.padded(chunk.number))", provenance: nil, createdAt: 0)
    }

    private static let unknownPosition = -1

    /// A track stands as far into its prompt as its neighbours say: the last slot given out, or the track before.
    private func guessPositions() {
        for index in tracks.indices where tracks[index].positionInPrompt == Self.unknownPosition {
            let entry = tracks[index]
            var position = 0
            if index > 0, tracks[index - 1].number == entry.number - 1,
                tracks[index - 1].promptIndex == entry.promptIndex
            {
                position = tracks[index - 1].positionInPrompt + 1
            }
            if let last = marks.lastSlot, last.promptIndex == entry.promptIndex, last.number >= entry.number {
                let counted = last.positionInPrompt - (last.number - entry.number)
                if counted >= 0 { position = counted }
            }
            tracks[index].positionInPrompt = position
        }
    }

    /// The frames in a file of the Buffer; nil when it is no track, and was refused, or went meanwhile.
    private func framesOrRefusal(_ name: String, _ report: inout ReconcileReport) throws(BufferError) -> Int? {
        let path = "\(paths.buffer)/\(name)"
        let reason: String
        do throws(WAVError) {
            let frames = try WAVReader(path: path, format: .station).frames
            if frames > 0 { return frames }
            reason = "\(path): holds no sound"
        } catch .system(let error) {
            if error.code == ENOENT { return nil }
            throw BufferError(error, file: path)
        } catch {
            reason = error.description
        }
        try refuse(path, reason: reason)
        report.repairs.append(.refused(file: name, reason: reason))
        return nil
    }

    /// Forgets open slots that are filled or passed, and removes what dead generators had staged.
    private func sweepSlots(_ report: inout ReconcileReport) throws(BufferError) {
        let snapshot = snapshot
        var live: Set<Int> = []
        for slot in try slots.open() {
            if try slots.isHeld(slot) {
                live.insert(slot.number)
            } else if slot.number <= marks.passedThrough || snapshot.entry(number: slot.number) != nil {
                try slots.remove(slot)
            }
        }
        let names = try onDisk(paths.staging) { () throws(SystemError) in try Files.names(in: paths.staging) }
        for name in names {
            guard let number = StagedName.number(name) else {
                report.foreign.append("staging/\(name)")
                continue
            }
            if live.contains(number) { continue }
            let path = "\(paths.staging)/\(name)"
            try onDisk(path) { () throws(SystemError) in try Files.removeTree(path) }
            report.repairs.append(.stagedRemoved(file: name))
        }
    }
}
