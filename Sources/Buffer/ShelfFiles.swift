internal import Platform
internal import Synchronization

/// The files of one Buffer: read without a lock, changed under it.
final class ShelfFiles: Sendable {
    let paths: BufferPaths
    let rules: BufferRules
    let clock: any StationClock
    let cache = Mutex(ShelfCache())

    init(paths: BufferPaths, rules: BufferRules, clock: any StationClock) {
        self.paths = paths
        self.rules = rules
        self.clock = clock
    }

    /// The Buffer as it is on disk now; files that did not change are not read again. Never waits for the lock unless
    /// the metadata turns out broken and has to be rebuilt.
    func snapshot() throws(BufferError) -> ShelfSnapshot {
        if let found = try refresh() { return found }
        return try exclusively { shelf throws(BufferError) in shelf.snapshot }
    }

    /// Runs `body` while no other process or thread changes the Buffer.
    /// - Parameter reconciles: `body` reconciles by itself, and wants the report of it.
    /// - Throws: `busy` when the lock cannot be had in time; and what `body` throws.
    func exclusively<Result>(
        reconciles: Bool = false, _ body: (LockedShelf) throws(BufferError) -> Result
    ) throws(BufferError) -> Result {
        let lock = try onDisk(paths.lock) { () throws(SystemError) in
            try FileLock.wait(paths.lock, timeoutSeconds: rules.lockWaitSeconds)
        }
        guard let lock else { throw .busy(lock: paths.lock, waitedSeconds: rules.lockWaitSeconds) }
        defer { withExtendedLifetime(lock) {} }
        if let found = try refresh() {
            let shelf = LockedShelf(files: self, snapshot: found)
            try shelf.raiseCursor()
            return try body(shelf)
        }
        let shelf = LockedShelf(files: self, snapshot: ShelfSnapshot(tracks: [], marks: BufferMarks()))
        if !reconciles { try shelf.reconcile() }
        return try body(shelf)
    }

    /// As `snapshot`, but nil instead of a repair.
    func refresh() throws(BufferError) -> ShelfSnapshot? {
        try cache.withLock { cache throws(BufferError) in try cache.refresh(paths) }
    }
}
