internal import Domain
internal import Platform

/// What the feeder does: take tracks in order, and say when they have aired.
extension BufferDirectory {
    /// The lowest ready track above `number`; nil: the lowest of all. Only looks.
    public func next(after number: Int? = nil) throws(BufferError) -> BufferTrack? {
        try files.snapshot().firstReady(above: number ?? 0)?.track(in: files.paths.buffer)
    }

    /// As `next`, and tells the generators that every slot up to this track is passed: a track committed for one of
    /// them later is evergreen. The track stays ready until it is marked consumed, so a feeder that dies finds it.
    public func take(after number: Int? = nil) throws(BufferError) -> BufferTrack? {
        guard try next(after: number) != nil else { return nil }
        return try files.exclusively { shelf throws(BufferError) in
            guard let entry = shelf.snapshot.firstReady(above: number ?? 0) else { return nil }
            if entry.number > shelf.marks.takenThrough {
                shelf.marks.takenThrough = entry.number
                try shelf.saveMarks()
            }
            return entry.track(in: shelf.paths.buffer)
        }
    }

    /// The next ready tracks in order, at most `limit`.
    public func ready(limit: Int) throws(BufferError) -> [BufferTrack] {
        try files.snapshot().tracks.lazy.filter { $0.state == .ready }.prefix(max(0, limit))
            .map { $0.track(in: files.paths.buffer) }
    }

    /// The track with this number while it is on the Buffer, ready or consumed.
    public func track(number: Int) throws(BufferError) -> BufferTrack? {
        try files.snapshot().entry(number: number)?.track(in: files.paths.buffer)
    }

    /// Every number up to this one has aired or was passed; 0 at first.
    public func consumedThrough() throws(BufferError) -> Int { try files.snapshot().marks.consumedThrough }

    /// Says that everything up to `number` has aired. Saying it again changes nothing.
    ///
    /// The last `keepConsumed` files stay on the Buffer, older ones go to the evergreen library. On a full disk
    /// evergreen tracks are given up first; only if that does not help this throws, and may be said again later.
    /// - Parameter airedAtWallSeconds: seconds since 1970, for people only.
    /// - Throws: `unknownNumber`, `diskFull`, `busy`, `system`.
    public func markConsumed(through number: Int, airedAtWallSeconds: Double) throws(BufferError) {
        func consume() throws(BufferError) {
            try files.exclusively { shelf throws(BufferError) in
                try shelf.consume(through: number, airedAt: airedAtWallSeconds)
            }
        }
        do throws(BufferError) {
            try consume()
        } catch .diskFull(let file, let missing) {
            try files.freeEvergreen(orThrow: .diskFull(file: file, missingBytes: missing), bytes: missing)
            try consume()
        }
    }

    /// Counts music that aired from elsewhere (a fallback), so that the evergreen library's repeat span passes.
    public func noteAired(seconds: Double) throws(BufferError) {
        guard seconds > 0, seconds.isFinite else { return }
        try files.exclusively { shelf throws(BufferError) in
            shelf.marks.airedSeconds += seconds
            try shelf.saveMarks()
        }
    }
}

extension LockedShelf {
    func consume(through number: Int, airedAt: Double) throws(BufferError) {
        let highest = marks.lastSlot?.number ?? 0
        guard number <= highest else { throw .unknownNumber(number: number, highest: highest) }
        var changed = number > marks.consumedThrough
        marks.consumedThrough = max(marks.consumedThrough, number)
        for index in tracks.indices where tracks[index].number <= number && tracks[index].state == .ready {
            tracks[index].state = .consumed
            tracks[index].airedAt = airedAt.isFinite ? airedAt : nil
            tracks[index].airedAtSeconds = marks.airedSeconds
            marks.airedSeconds += StationAudio.seconds(ofFrames: tracks[index].frames)
            changed = true
        }
        let retired = retire()
        if changed || !retired.isEmpty { try shelve(retired) }
    }
}
