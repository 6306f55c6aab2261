internal import Domain
internal import Platform
internal import Synchronization

/// Bringing records and files back into agreement. The files are the truth; the records say what files cannot.
extension LockedShelf {
    @discardableResult
    func reconcile() throws(BufferError) -> ReconcileReport {
        var report = ReconcileReport()
        let before = (tracks: tracks, marks: marks)
        let (known, metadataMissing) = try reload(&report)
        try removeStaleTemporaries(&report)
        let chunks = try sortNames(&report)
        try checkEntries(against: chunks, &report)
        try adopt(chunks.keys.sorted(), titles: known, metadataMissing: metadataMissing, &report)
        try raiseCursor()
        tracks = snapshot.tracks
        try sweepSlots(&report)
        try reconcileEvergreen(titles: known, &report)
        let retired = retire()
        if let words = report.words { note(words) }
        let isNew = files.cache.withLock { $0.metadata == nil || $0.marks == nil }
        if isNew || before.tracks != tracks || before.marks != marks || !retired.isEmpty {
            try shelve(retired)
        }
        return report
    }

    /// Reads the records afresh, setting aside what cannot be believed.
    /// - Returns: what older versions knew of each file, and whether there was no metadata at all.
    private func reload(
        _ report: inout ReconcileReport
    ) throws(BufferError) -> (known: [String: TrackEntry], metadataMissing: Bool) {
        let marksFile = RecordFile<BufferMarks>(paths.marks)
        let metadataFile = RecordFile<BufferMetadata>(paths.metadata)
        var found = BufferMarks()
        if let record = try believe(marksFile, &report) {
            found = record
        } else {
            files.cache.withLock { $0.marks = nil }
            found = marksFile.loadPrevious() ?? found
        }
        tracks = []
        let metadataMissing = try metadataFile.stamp() == nil
        if let record = try believe(metadataFile, &report) {
            found = record.marks.merged(with: found)
            tracks = record.tracks
        } else {
            files.cache.withLock { $0.metadata = nil }
        }
        let previous = metadataFile.loadPrevious()
        marks = found.merged(with: previous?.marks)
        tracks = snapshot.tracks
        let known = (tracks + (previous?.tracks ?? [])).map { ($0.file, $0) }
        return (Dictionary(known, uniquingKeysWith: { current, _ in current }), metadataMissing)
    }

    private func believe<Record>(
        _ file: RecordFile<Record>, _ report: inout ReconcileReport
    ) throws(BufferError) -> Record? {
        switch try file.load() {
        case .whole(let record, _): return record
        case .missing: return nil
        case .broken(let reason):
            let aside = try file.setAside()
            report.repairs.append(.rebuilt(file: file.name, setAsideAs: aside, reason: reason))
            return nil
        }
    }

    private func removeStaleTemporaries(_ report: inout ReconcileReport) throws(BufferError) {
        for directory in [paths.buffer, paths.evergreen] {
            let gone = try onDisk(directory) { () throws(SystemError) in try AtomicFile.removeStale(in: directory) }
            report.repairs += gone.map { .temporaryRemoved(file: $0) }
        }
    }

    /// The tracks among the names in the Buffer's directory; the names that are not ours go into the report.
    private func sortNames(_ report: inout ReconcileReport) throws(BufferError) -> [ChunkName: FileStamp] {
        let metadataFile = RecordFile<BufferMetadata>(paths.metadata)
        let marksFile = RecordFile<BufferMarks>(paths.marks)
        let own: Set<String> = ["buffer.lock", "staging", "slots", "refused", "evergreen", "lost+found"]
        var chunks: [ChunkName: FileStamp] = [:]
        for name in try onDisk(paths.buffer, { () throws(SystemError) in try Files.names(in: paths.buffer) }) {
            if own.contains(name) || metadataFile.owns(name) || marksFile.owns(name) { continue }
            if AtomicFile.isTemporaryName(name) { continue }
            if let chunk = ChunkName(file: name), let stamp = try stamp(name), stamp.kind == .regular {
                chunks[chunk] = stamp
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
        against present: [ChunkName: FileStamp], _ report: inout ReconcileReport
    ) throws(BufferError) {
        var kept: [TrackEntry] = []
        kept.reserveCapacity(tracks.count)
        for var entry in tracks {
            guard let name = ChunkName(file: entry.file), let stamp = present[name] else {
                report.repairs.append(.entryDropped(file: entry.file))
                continue
            }
            if stamp.bytes < 44 + entry.frames * StationAudio.bytesPerFrame || entry.frames == 0 {
                guard let frames = try framesOrRefusal(entry.file, &report) else { continue }
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
        _ chunks: [ChunkName], titles: [String: TrackEntry], metadataMissing: Bool,
        _ report: inout ReconcileReport
    ) throws(BufferError) {
        let files = Set(tracks.map(\.file))
        var numbers = Set(tracks.map(\.number))
        let unknown = chunks.filter { !files.contains($0.file) }.sorted()
        if unknown.isEmpty { return }
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

    /// The frames in a file of the Buffer; nil when it is no track, and was refused.
    private func framesOrRefusal(_ name: String, _ report: inout ReconcileReport) throws(BufferError) -> Int? {
        let path = "\(paths.buffer)/\(name)"
        let reason: String
        do throws(WAVError) {
            let frames = try WAVReader(path: path, format: .station).frames
            if frames > 0 { return frames }
            reason = "\(path): holds no sound"
        } catch .system(let error) {
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
            try onDisk(path) { () throws(SystemError) in _ = try Files.remove(path) }
            report.repairs.append(.stagedRemoved(file: name))
        }
    }
}
