internal import FoundationEssentials
internal import Glibc
internal import Platform

/// A directory of prepared loops: `<key>.mp4` and beside it `<key>.json`, which says what the mp4 must be.
struct AnimationCache {
    let directory: String

    static let entriesMax = 20

    struct Entry: Codable, Equatable {
        var facts: LoopEncoder.Facts
        /// Of the mp4: an entry is only used while they are true.
        var bytes: Int
        var sha256: String
    }

    func moviePath(_ key: String) -> String { "\(directory)/\(key).mp4" }
    private func entryPath(_ key: String) -> String { "\(directory)/\(key).json" }

    /// The entry of that key if it is there and whole; it then counts as used now.
    func find(_ key: String) -> LoopEncoder.Facts? {
        guard let data = FileManager.default.contents(atPath: entryPath(key)),
            let entry = try? StationJSON.decode(Entry.self, from: data),
            let movie = try? FileDescriptor.open(moviePath(key), O_RDONLY),
            let digest = try? Self.digest(of: movie, bytesMax: Int.max, isCancelled: { false }),
            digest.bytes == entry.bytes, digest.sha256 == entry.sha256
        else { return nil }
        _ = utimensat(AT_FDCWD, entryPath(key), nil, 0)
        return entry.facts
    }

    /// Moves a finished movie into its place. The entry is written last: without it the movie does not count.
    func publish(_ key: String, movie: String, facts: LoopEncoder.Facts) throws {
        let file = try FileDescriptor.open(movie, O_RDONLY)
        let digest = try Self.digest(of: file, bytesMax: Int.max, isCancelled: { false })
        try retrying("fsync \(movie)") { fsync(file.number) }
        let entry = Entry(facts: facts, bytes: digest.bytes, sha256: digest.sha256)
        let written = movie + ".json"
        try FileDescriptor.open(written, O_WRONLY | O_CREAT | O_TRUNC)
            .write(all: Array(try StationJSON.encode(entry, pretty: true)))
        _ = unlink(entryPath(key))
        try retrying("rename \(movie)") { rename(movie, moviePath(key)) }
        try retrying("rename \(written)") { rename(written, entryPath(key)) }
    }

    /// Runs `work` while no other process works in this directory, and gives it a directory of its own.
    /// - Throws: `AnimationError.cancelled` while waiting; whatever `work` throws.
    func exclusively<Result>(isCancelled: () -> Bool, _ work: (_ scratch: String) throws -> Result) throws -> Result {
        // The kernel lets go of the lock with its holder, however that ends.
        let lock = try FileDescriptor.open("\(directory)/lock", O_RDWR | O_CREAT)
        while flock(lock.number, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw SystemError("lock \(directory)/lock") }
            if isCancelled() { throw AnimationError.cancelled }
            SystemClock().sleep(seconds: 0.05)
        }
        defer { flock(lock.number, LOCK_UN) }
        // Ours is the lock, so whatever lies in the workplace was left by a process that died.
        let scratch = "\(directory)/work"
        try? FileManager.default.removeItem(atPath: scratch)
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        return try work(scratch)
    }

    /// Drops the entries that were not used for longest, beyond `entriesMax`. Call with the lock held.
    func prune() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        var used: [String: Double] = [:]
        for name in names where name.hasSuffix(".json") || name.hasSuffix(".mp4") {
            var about = stat()
            guard stat("\(directory)/\(name)", &about) == 0 else { continue }
            let key = String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)])
            let when = Double(about.st_mtim.tv_sec) + Double(about.st_mtim.tv_nsec) / 1e9
            used[key] = max(used[key] ?? 0, when)
        }
        for (key, _) in used.sorted(by: { $0.value > $1.value }).dropFirst(Self.entriesMax) {
            _ = unlink(entryPath(key))
            _ = unlink(moviePath(key))
        }
    }

    /// Length and SHA-256 of an open file, from its beginning.
    static func digest(
        of file: FileDescriptor, salt: String = "", bytesMax: Int, isCancelled: () -> Bool
    ) throws -> (bytes: Int, sha256: String) {
        var hash = SHA256()
        hash.update(salt)
        lseek(file.number, 0, SEEK_SET)
        var bytes = 0
        while true {
            if isCancelled() { throw AnimationError.cancelled }
            let piece = try file.read(upTo: 1 << 20)
            if piece.isEmpty { break }
            bytes += piece.count
            if bytes > bytesMax { break }
            piece.withUnsafeBytes { hash.update($0) }
        }
        return (bytes, hash.finishHex())
    }
}
