public import FoundationEssentials
internal import Glibc

/// Files that are replaced whole: a reader sees the old bytes or the new ones, a power cut leaves either.
///
/// The new bytes go to a temporary file beside the target, which its writer keeps locked; so a temporary file
/// whose lock is free belongs to a writer that died, and may go.
public enum AtomicFile {
    /// Writes, fsyncs and renames `bytes` over `path`, then fsyncs the directory. On failure `path` is untouched and
    /// no temporary file is left.
    /// - Parameter stamp: if given, the nanoseconds of the new file's modification time, so that two versions written
    ///   within one tick of the kernel's clock still have different stamps.
    public static func write(_ bytes: Data, to path: String, stamp: Int? = nil) throws(SystemError) {
        let (temporary, file) = try openTemporary(beside: path)
        do throws(SystemError) {
            try write(bytes, to: file, named: path)
            if let stamp { try setStamp(stamp, of: file, named: path) }
            try retrying("fsync \(path)") { fsync(file.number) }
            try retrying("rename to \(path)") { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try Files.syncDirectory(Files.parent(of: path))
    }

    /// Removes the temporary files in `directory` whose writers are dead. Returns their names.
    public static func removeStale(in directory: String) throws(SystemError) -> [String] {
        var removed: [String] = []
        for name in try Files.names(in: directory) where isTemporaryName(name) {
            let path = "\(directory)/\(name)"
            guard let lock = try FileLock.attempt(existing: path) else { continue }
            if try Files.remove(path) { removed.append(name) }
            withExtendedLifetime(lock) {}
        }
        return removed
    }

    /// True for the names this type gives its temporary files: `.NAME.PID.N.tmp`.
    public static func isTemporaryName(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 5, parts[0].isEmpty, parts.last == "tmp" else { return false }
        return UInt32(parts[parts.count - 2]) != nil && UInt32(parts[parts.count - 3]) != nil
    }

    private static func openTemporary(beside path: String) throws(SystemError) -> (String, FileDescriptor) {
        let directory = Files.parent(of: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        var attempt = 0
        while true {
            let temporary = "\(directory)/.\(name).\(getpid()).\(attempt).tmp"
            attempt += 1
            let number = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            if number < 0 {
                let code = errno
                if code == EINTR || (code == EEXIST && attempt < 1000) { continue }
                throw SystemError("write \(path)", code: code)
            }
            let file = FileDescriptor(owning: number)
            var facts = stat()
            // A sweeper may have found the file before it was locked; then it is gone and another is made.
            if flock(number, LOCK_EX) == 0, fstat(number, &facts) == 0, facts.st_nlink > 0 { return (temporary, file) }
        }
    }

    private static func write(_ bytes: Data, to file: FileDescriptor, named path: String) throws(SystemError) {
        let failure: SystemError? = bytes.withUnsafeBytes { raw in
            do throws(SystemError) { try file.write(all: raw) } catch { return error }
            return nil
        }
        if let failure { throw SystemError("write \(path)", code: failure.code) }
    }

    private static func setStamp(_ stamp: Int, of file: FileDescriptor, named path: String) throws(SystemError) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        now.tv_nsec = stamp % 1_000_000_000
        let times = [now, now]
        try retrying("set times of \(path)") { futimens(file.number, times) }
    }
}
