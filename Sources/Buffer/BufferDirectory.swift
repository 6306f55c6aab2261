public import Platform

/// Shelf 1: tracks waiting for air, in `ROOT/audio_buffer`.
///
/// WAV files and one JSON file are the whole queue. Any number of processes and threads may use one directory at
/// once: those that change it take turns under an `flock`, those that only read never wait for anybody. Nothing here
/// depends on a clock. Whatever is killed, whenever, the next to open the Buffer finds it consistent or repairs it
/// and says what it repaired.
public final class BufferDirectory: Sendable {
    public let rules: BufferRules
    /// What was found and repaired when this object was made.
    public let openingReport: ReconcileReport
    let files: ShelfFiles

    /// Opens the Buffer under `root` (made if it is not there; its parent must be), and reconciles it.
    /// - Parameter clock: only asked what time to write beside a track.
    /// - Throws: `rules`, `notWritable`, `diskFull`, `busy`, `system`.
    public init(root: String, rules: BufferRules, clock: any StationClock = SystemClock()) throws(BufferError) {
        try rules.validate()
        let paths = BufferPaths(root: root)
        for directory in paths.directories {
            try onDisk(directory) { () throws(SystemError) in try Files.makeDirectory(directory) }
        }
        self.rules = rules
        files = ShelfFiles(paths: paths, rules: rules, clock: clock)
        openingReport = try Self.open(files)
    }

    /// The directory that holds the tracks and the metadata.
    public var path: String { files.paths.buffer }

    /// Compares the metadata with the files, repairs what differs and reports it. Done at opening; call it again
    /// when a track's file turned out to be missing or unreadable.
    @discardableResult
    public func reconcile() throws(BufferError) -> ReconcileReport {
        try Self.reconcile(files)
    }

    /// A full disk must not keep the station from playing what it has: if the records can be read, repairs wait.
    private static func open(_ files: ShelfFiles) throws(BufferError) -> ReconcileReport {
        do throws(BufferError) {
            return try reconcile(files)
        } catch .diskFull(let file, let missing) {
            let error = BufferError.diskFull(file: file, missingBytes: missing)
            guard try files.refresh() != nil else { throw error }
            return ReconcileReport(repairs: [.postponed(reason: error.description)])
        }
    }

    private static func reconcile(_ files: ShelfFiles) throws(BufferError) -> ReconcileReport {
        do throws(BufferError) {
            return try files.exclusively(reconciles: true) { shelf throws(BufferError) in try shelf.reconcile() }
        } catch .diskFull(let file, let missing) {
            try files.freeEvergreen(orThrow: .diskFull(file: file, missingBytes: missing), bytes: missing)
            return try files.exclusively(reconciles: true) { shelf throws(BufferError) in try shelf.reconcile() }
        }
    }
}
