internal import Platform
internal import Synchronization

/// A track that aired before, chosen to air again.
public struct EvergreenPick: Sendable, Hashable {
    public let track: BufferTrack
    /// Its name, for `markEvergreenAired`.
    public let file: String
    /// True when it aired within the repeat span, and nothing else was left.
    public let repeatsWithinSpan: Bool
}

/// The evergreen library: what to play when the Buffer is empty.
extension BufferDirectory {
    /// The least recently aired track of the library. Only looks, without waiting.
    /// - Parameter allowingRepeat: whether a track that aired within `evergreenRepeatAfterSeconds` may be chosen when
    ///   nothing else is left; the pick says so then.
    public func nextEvergreen(allowingRepeat: Bool) throws(BufferError) -> EvergreenPick? {
        let aired = try files.snapshot().marks.airedSeconds
        let index = try evergreenIndex()
        let directory = files.paths.evergreen
        for entry in index.byLastAired {
            let isRepeat = entry.lastAiredAtSeconds.map { aired - $0 < rules.evergreenRepeatAfterSeconds } ?? false
            // Sorted by when they aired: from here on everything is a repeat.
            if isRepeat && !allowingRepeat { return nil }
            let track = entry.track(in: directory)
            guard try onDisk(track.path, { () throws(SystemError) in try Files.stamp(track.path) }) != nil else {
                continue
            }
            return EvergreenPick(track: track, file: entry.file, repeatsWithinSpan: isRepeat)
        }
        return nil
    }

    /// Says that an evergreen track airs now. Call it when the track begins.
    public func markEvergreenAired(_ pick: EvergreenPick) throws(BufferError) {
        try files.exclusively { shelf throws(BufferError) in
            var index = try shelf.evergreenIndex()
            if let place = index.tracks.firstIndex(where: { $0.file == pick.file }) {
                index.tracks[place].lastAiredAtSeconds = shelf.marks.airedSeconds
                try shelf.saveEvergreen(index)
            }
            shelf.marks.airedSeconds += pick.track.seconds
            try shelf.saveMarks()
        }
    }

    /// Tracks in the library, and what they take on disk.
    public func evergreenSize() throws(BufferError) -> (tracks: Int, bytes: Int) {
        let index = try evergreenIndex()
        return (index.tracks.count, index.tracks.reduce(0) { $0 + $1.bytes })
    }

    private func evergreenIndex() throws(BufferError) -> EvergreenIndex {
        let paths = files.paths
        let found = try files.cache.withLock { cache throws(BufferError) in try cache.refreshEvergreen(paths) }
        if let found { return found }
        return try files.exclusively { shelf throws(BufferError) in try shelf.evergreenIndex() }
    }
}
