public import Domain
internal import Platform

/// What generators do: reserve a slot, write its WAV, commit it.
extension BufferDirectory {
    /// The lowest slot that waits to be composed and that no living process holds, or else the next new one.
    /// - Throws: `waitingForDiskSpace` when one more track, beside those being composed, would break the disk
    ///   reserve, even after the evergreen library gave what it could; `diskFull`, `busy`, `system`.
    public func reserve() throws(BufferError) -> Reservation {
        try files.exclusively { shelf throws(BufferError) in try shelf.reserve() }
    }

    /// Puts a finished WAV on the Buffer: checks its header, makes it durable, renames it into place and adds its
    /// entry. If the feeder has already passed the slot, the track goes to the evergreen library instead.
    ///
    /// If this throws, the WAV is where it was and the reservation still open: commit again, or abandon it.
    /// - Parameters:
    ///   - wavFile: on the Buffer's file system; nil: the reservation's `stagedFile`.
    ///   - frames: what the generator wrote; a file that holds another number is not taken.
    /// - Throws: `unplayable`, `framesDiffer`, `reservationSpent`, `diskFull`, `busy`, `system`.
    @discardableResult
    public func commit(
        _ reservation: Reservation, wavFile: String? = nil, frames: Int, title: String, provenance: Provenance
    ) throws(BufferError) -> CommitOutcome {
        guard reservation.isOpen else { throw .reservationSpent(number: reservation.number) }
        let file = wavFile ?? reservation.stagedFile
        let found: Int
        do throws(WAVError) {
            found = try WAVReader(path: file, format: .station).frames
        } catch {
            throw .unplayable(error)
        }
        guard found == frames, found > 0 else { throw .framesDiffer(file: file, said: frames, found: found) }
        // Outside the lock: the one slow step, and nobody else's business.
        try onDisk(file) { () throws(SystemError) in try Files.sync(file) }
        let name = ChunkName(
            number: reservation.number, promptIndex: reservation.promptIndex,
            wholeSeconds: Int(StationAudio.seconds(ofFrames: frames).rounded()))
        let entry = TrackEntry(
            number: reservation.number, file: name.file, promptIndex: reservation.promptIndex,
            positionInPrompt: reservation.positionInPrompt, seconds: StationAudio.seconds(ofFrames: frames),
            frames: frames, state: .ready, title: String(title.prefix(200)), provenance: provenance.finite,
            createdAt: files.clock.wallSeconds)
        return try files.exclusively { shelf throws(BufferError) in
            let outcome = try shelf.commit(entry, from: file)
            try? shelf.close(reservation)
            return outcome
        }
    }

    /// Gives a slot back uncomposed, and removes what was staged for it.
    public func abandon(_ reservation: Reservation) throws(BufferError) {
        defer { reservation.end() }
        try files.exclusively { shelf throws(BufferError) in try shelf.removeStaged(number: reservation.number) }
    }

    /// Keeps a file that did not pass admission aside in `refused/`, with its reason. The reservation it was made
    /// for stays open, for another try.
    public func refuse(_ file: String, reason: String) throws(BufferError) {
        try files.exclusively { shelf throws(BufferError) in
            try shelf.refuse(file, reason: reason)
            try shelf.saveMarks()
        }
    }

    /// Files refused since the Buffer exists.
    public func refusedCount() throws(BufferError) -> Int {
        try RefusedName.kept(in: files.paths.refused).last?.number ?? 0
    }
}

extension LockedShelf {
    func reserve() throws(BufferError) -> Reservation {
        var open = try slots.open()
        try requireDiskSpace(for: open)
        if try hasUnrecordedFile(for: open) {
            try reconcile()
            open = try slots.open()
        }
        for slot in open {
            guard let lock = try slots.attempt(slot) else { continue }
            if slot.number <= marks.passedThrough || snapshot.entry(number: slot.number) != nil {
                try slots.remove(slot)
            } else {
                return try give(slot, lock)
            }
        }
        let slot = rules.slot(after: marks.lastSlot)
        guard slot.isSound else { throw .numbersExhausted(highest: ChunkName.largest) }
        guard let lock = try slots.attempt(slot) else {
            throw .busy(lock: paths.slots, waitedSeconds: 0)
        }
        marks.lastSlot = slot
        do throws(BufferError) {
            return try give(slot, lock)
        } catch {
            try? slots.remove(slot)
            throw error
        }
    }

    private func give(_ slot: Slot, _ lock: FileLock) throws(BufferError) -> Reservation {
        try removeStaged(number: slot.number)
        marks.reservations += 1
        try saveMarks()
        let staged = StagedName.make(number: slot.number, reservation: marks.reservations)
        // A prompt that a changed configuration took away is given as one that is there.
        return Reservation(
            slot: slot, promptIndex: slot.promptIndex % rules.promptCount, stagedFile: "\(paths.staging)/\(staged)",
            lock: lock)
    }

    /// A generator that died between renaming its WAV and adding the entry left a file for a slot that looks open.
    private func hasUnrecordedFile(for open: [Slot]) throws(BufferError) -> Bool {
        let numbers = Set(open.map(\.number))
        if numbers.isEmpty { return false }
        let snapshot = snapshot
        let names = try onDisk(paths.buffer) { () throws(SystemError) in try Files.names(in: paths.buffer) }
        return names.contains { name in
            guard let number = ChunkName(file: name)?.number, numbers.contains(number) else { return false }
            return snapshot.entry(number: number) == nil
        }
    }

    private func requireDiskSpace(for open: [Slot]) throws(BufferError) {
        var inTheMaking = 0
        for slot in open where try slots.isHeld(slot) { inTheMaking += 1 }
        let needed = rules.diskReserveBytes + (1 + inTheMaking) * rules.trackBytes
        var free = try freeBytes()
        if free < needed, try freeEvergreen(bytes: needed - free) { free = try freeBytes() }
        if free < needed { throw .waitingForDiskSpace(freeBytes: free, neededBytes: needed) }
    }

    private func freeBytes() throws(BufferError) -> Int {
        try onDisk(paths.buffer) { () throws(SystemError) in try DiskSpace.freeBytes(at: paths.buffer) }
    }

    func commit(_ entry: TrackEntry, from file: String) throws(BufferError) -> CommitOutcome {
        if entry.number <= marks.passedThrough || snapshot.entry(number: entry.number) != nil {
            return try shelveLate(entry, from: file)
        }
        let target = "\(paths.buffer)/\(entry.file)"
        try onDisk(target) { () throws(SystemError) in try Files.move(file, to: target) }
        tracks.insert(entry, at: snapshot.index(above: entry.number))
        do throws(BufferError) {
            try saveTracks()
        } catch {
            try? Files.move(target, to: file)
            throw error
        }
        return .ready(entry.track(in: paths.buffer))
    }

    /// Ends a reservation whose track is on the Buffer.
    func close(_ reservation: Reservation) throws(BufferError) {
        defer { reservation.end() }
        try slots.remove(reservation.slot)
        try removeStaged(number: reservation.number)
    }

    func removeStaged(number: Int) throws(BufferError) {
        try onDisk(paths.staging) { () throws(SystemError) in
            for name in try Files.names(in: paths.staging) where StagedName.number(name) == number {
                try Files.removeTree("\(paths.staging)/\(name)")
            }
        }
    }
}

extension Provenance {
    /// JSON has no infinities: what could not be measured is left out.
    var finite: Provenance {
        var copy = self
        if let loudness = loudnessLufs, !loudness.isFinite { copy.loudnessLufs = nil }
        if let peak = truePeakDbtp, !peak.isFinite { copy.truePeakDbtp = nil }
        if !renderSeconds.isFinite { copy.renderSeconds = 0 }
        return copy
    }
}
