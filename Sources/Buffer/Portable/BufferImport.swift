internal import Domain
internal import Platform

/// Taking in tracks that were made elsewhere.
extension BufferDirectory {
    /// Where incoming files are staged, on the Buffer's own file system, so that taking them in is a rename.
    public var importDirectory: String { files.paths.imports }

    /// Finishes what an import that died had begun, and says which checksums are known: of tracks that were ever
    /// taken in, and of those on the Buffer.
    public func knownChecksums() throws(BufferError) -> Set<String> {
        try files.exclusively { shelf throws(BufferError) in
            try shelf.finishImport()
            return try shelf.knownChecksums()
        }
    }

    /// Puts verified tracks on the Buffer, after the last slot given out (`ImportPlacement` has the rule). Generators
    /// and feeder may be at work meanwhile. A track whose checksum is known is left where it is.
    ///
    /// Killed at any moment, every track is either on the Buffer or still staged, and the next call goes on.
    /// - Parameter tracks: in the source's order; their bytes are on the disk (`Files.sync`).
    /// - Throws: `unplayable`, `framesDiffer` before anything is changed; `diskFull`, `busy`, `system`.
    public func takeIn(_ tracks: [IncomingTrack]) throws(BufferError) -> ImportOutcome {
        for track in tracks { try check(track) }
        return try files.exclusively { shelf throws(BufferError) in
            try shelf.finishImport()
            var known = try shelf.knownChecksums()
            var fresh: [IncomingTrack] = []
            for track in tracks where known.insert(track.sha256).inserted { fresh.append(track) }
            return try shelf.takeIn(fresh)
        }
    }

    /// - Throws: `waitingForDiskSpace` when `bytes` more would break the disk reserve.
    public func requireRoom(forBytes bytes: Int) throws(BufferError) {
        let free = try onDisk(path) { () throws(SystemError) in try DiskSpace.freeBytes(at: path) }
        guard bytes == 0 || free - bytes >= rules.diskReserveBytes else {
            throw .waitingForDiskSpace(freeBytes: free, neededBytes: rules.diskReserveBytes + bytes)
        }
    }

    private func check(_ track: IncomingTrack) throws(BufferError) {
        let found: Int
        do throws(WAVError) {
            found = try WAVReader(path: track.file, format: .station).frames
        } catch {
            throw .unplayable(error)
        }
        guard found == track.frames, found > 0 else {
            throw .framesDiffer(file: track.file, said: track.frames, found: found)
        }
    }
}

extension LockedShelf {
    private var planFile: RecordFile<ImportPlan> { RecordFile(paths.importPlan) }
    private var ledgerFile: RecordFile<ImportLedger> { RecordFile(paths.importLedger) }

    func knownChecksums() throws(BufferError) -> Set<String> {
        Set(try ledger().tracks.map(\.sha256)).union(tracks.compactMap { $0.provenance?.sha256 })
    }

    func takeIn(_ incoming: [IncomingTrack]) throws(BufferError) -> ImportOutcome {
        guard !incoming.isEmpty else { return .nothing }
        let placement = ImportPlacement(incoming, after: marks.lastSlot, rules: rules)
        guard let first = placement.placed.first?.slot, let last = placement.placed.last?.slot else { return .nothing }
        guard last.isSound else { throw .numbersExhausted(highest: ChunkName.largest) }
        let prefix = paths.imports + "/"
        let items = placement.placed.map { track, slot in
            ImportPlan.Item(
                staged: String(track.file.dropFirst(prefix.count)), sha256: track.sha256, entry: entry(track, slot))
        }
        guard incoming.allSatisfy({ $0.file.hasPrefix(prefix) }) else {
            throw .system(SystemError("take in files from outside \(paths.imports)", code: 18))
        }
        _ = try planFile.save(ImportPlan(items: items), generation: marks.changes + 1)
        // An open slot is its file; nobody holds it, so the next generator to ask gets it.
        for slot in placement.open { _ = try slots.attempt(slot) }
        marks.lastSlot = last
        try saveMarks()
        for item in items {
            let target = "\(paths.buffer)/\(item.entry.file)"
            let staged = prefix + item.staged
            try onDisk(target) { () throws(SystemError) in try Files.move(staged, to: target) }
            tracks.insert(item.entry, at: snapshotIndex(above: item.entry.number))
        }
        try onDisk(paths.buffer) { () throws(SystemError) in try Files.syncDirectory(paths.buffer) }
        try saveTracks()
        try conclude(items)
        return ImportOutcome(
            tracks: items.count, firstNumber: first.number, lastNumber: last.number, turns: placement.turns,
            partialTurns: placement.partialTurns, slotsLeftOpen: placement.open.count)
    }

    /// Brings an import that was cut off to a state that is whole: what it had moved is on the Buffer with all that is
    /// known of it, what it had not moved is staged as before.
    func finishImport() throws(BufferError) {
        try onDisk(paths.imports) { () throws(SystemError) in
            try Files.makeDirectory(paths.imports)
            _ = try AtomicFile.removeStale(in: paths.imports)
        }
        let plan: ImportPlan
        switch try planFile.load() {
        case .missing: return
        case .broken(let reason):
            let aside = try planFile.setAside()
            note("\(planFile.name) could not be used (\(reason)): kept as \(aside)")
            return
        case .whole(let found, _): plan = found
        }
        var moved: [ImportPlan.Item] = []
        for item in plan.items {
            let staged = "\(paths.imports)/\(item.staged)"
            if try exists(staged) { continue }
            moved.append(item)
            if let index = tracks.firstIndex(where: { $0.number == item.entry.number }) {
                // Found without an entry it was taken in as a nameless file.
                guard tracks[index].file == item.entry.file, tracks[index].provenance == nil else { continue }
                tracks[index].title = item.entry.title
                tracks[index].provenance = item.entry.provenance
                tracks[index].positionInPrompt = item.entry.positionInPrompt
            } else if try exists("\(paths.buffer)/\(item.entry.file)") {
                tracks.insert(item.entry, at: snapshotIndex(above: item.entry.number))
            }
        }
        if let last = moved.map(\.entry.slot).max() { marks.lastSlot = max(last, marks.lastSlot ?? last) }
        if !moved.isEmpty { try save() }
        try conclude(moved)
    }

    private func conclude(_ items: [ImportPlan.Item]) throws(BufferError) {
        if !items.isEmpty {
            var ledger = try ledger()
            ledger.generation += 1
            ledger.add(items.map { ImportLedger.Entry(sha256: $0.sha256, number: $0.entry.number) })
            _ = try ledgerFile.save(ledger, generation: ledger.generation)
        }
        try onDisk(paths.importPlan) { () throws(SystemError) in
            try Files.remove(paths.importPlan)
            try Files.remove(planFile.previousPath)
            try Files.syncDirectory(paths.imports)
        }
    }

    private func ledger() throws(BufferError) -> ImportLedger {
        switch try ledgerFile.load() {
        case .whole(let found, _): return found
        case .missing: return ledgerFile.loadPrevious() ?? ImportLedger()
        case .broken(let reason):
            let aside = try ledgerFile.setAside()
            note("\(ledgerFile.name) could not be used (\(reason)): kept as \(aside), begun anew")
            return ledgerFile.loadPrevious() ?? ImportLedger()
        }
    }

    private func entry(_ track: IncomingTrack, _ slot: Slot) -> TrackEntry {
        let seconds = StationAudio.seconds(ofFrames: track.frames)
        let name = ChunkName(
            number: slot.number, promptIndex: slot.promptIndex, wholeSeconds: Int(seconds.rounded()))
        var provenance = track.provenance.finite
        provenance.sha256 = track.sha256
        return TrackEntry(
            number: slot.number, file: name.file, promptIndex: slot.promptIndex,
            positionInPrompt: slot.positionInPrompt, seconds: seconds, frames: track.frames, state: .ready,
            title: String(track.title.prefix(200)), provenance: provenance, createdAt: files.clock.wallSeconds)
    }

    private func exists(_ path: String) throws(BufferError) -> Bool {
        try onDisk(path) { () throws(SystemError) in try Files.stamp(path) != nil }
    }

    private func snapshotIndex(above number: Int) -> Int {
        tracks.lastIndex { $0.number <= number }.map { $0 + 1 } ?? 0
    }
}
