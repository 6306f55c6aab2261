internal import FoundationEssentials
internal import Glibc
internal import Platform

/// A directory of prepared loops: `<key>.mp4` and beside it `<key>.json`, which says what the mp4 must be.
struct AnimationCache {
    let directory: String
    let checksum: Checksum

    static let entriesMax = 20

    struct Entry: Codable, Equatable {
        var facts: LoopEncoder.Facts
        /// Of the mp4: an entry is only used while it is true.
        var sha256: String
    }

    func moviePath(_ key: String) -> String { "\(directory)/\(key).mp4" }
    private func entryPath(_ key: String) -> String { "\(directory)/\(key).json" }

    /// The entry of that key if it is there and whole; it then counts as used now.
    func find(_ key: String) -> LoopEncoder.Facts? {
        guard let data = FileManager.default.contents(atPath: entryPath(key)),
            let entry = try? StationJSON.decode(Entry.self, from: data),
            let movie = try? FileDescriptor.open(moviePath(key), O_RDONLY),
            let sha256 = try? checksum.sha256(of: .descriptor(movie)), sha256 == entry.sha256
        else { return nil }
        _ = utimensat(AT_FDCWD, entryPath(key), nil, 0)
        return entry.facts
    }

    /// Moves a finished movie into its place. Call with the lock held. An entry that a crash leaves half written or
    /// beside another movie does not count, and is made anew.
    func publish(_ key: String, movie: String, facts: LoopEncoder.Facts) throws {
        let sha256 = try checksum.sha256(of: .descriptor(FileDescriptor.open(movie, O_RDONLY)))
        try Files.sync(movie)
        try Files.move(movie, to: moviePath(key))
        try FileDescriptor.open(entryPath(key), O_WRONLY | O_CREAT | O_TRUNC)
            .write(all: Array(StationJSON.encode(Entry(facts: facts, sha256: sha256), pretty: true)))
    }

    /// Runs `work` while no other process works in this directory, and gives it a directory of its own.
    /// - Throws: `AnimationError.cancelled` while waiting; whatever `work` throws.
    func exclusively<Result>(isCancelled: () -> Bool, _ work: (_ scratch: String) throws -> Result) throws -> Result {
        var lock: FileLock?
        while lock == nil {
            if isCancelled() { throw AnimationError.cancelled }
            lock = try FileLock.wait("\(directory)/lock", timeoutSeconds: 0.1)
        }
        defer { withExtendedLifetime(lock) {} }
        // Ours is the lock, so whatever lies in the workplace was left by a process that died.
        let scratch = "\(directory)/making"
        try? FileManager.default.removeItem(atPath: scratch)
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        return try work(scratch)
    }

    /// Drops the entries that were not used for longest, beyond `entriesMax`. Call with the lock held.
    func prune() {
        var used: [String: Double] = [:]
        for name in (try? Files.names(in: directory)) ?? [] where name.hasSuffix(".json") || name.hasSuffix(".mp4") {
            guard let stamp = try? Files.stamp("\(directory)/\(name)") else { continue }
            let key = String(name.prefix { $0 != "." })
            let when = Double(stamp.modifiedSeconds) + Double(stamp.modifiedNanoseconds) / 1e9
            // An entry's two files are used together; either may be alone.
            used[key] = max(used[key] ?? 0, when)
        }
        for (key, _) in used.sorted(by: { $0.value > $1.value }).dropFirst(Self.entriesMax) {
            _ = try? Files.remove(entryPath(key))
            _ = try? Files.remove(moviePath(key))
        }
    }
}
