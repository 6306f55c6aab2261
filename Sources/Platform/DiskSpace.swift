internal import Glibc

/// Room on a file system.
public enum DiskSpace {
    /// Bytes an ordinary user may still write on the file system that holds `path`.
    public static func freeBytes(at path: String) throws(SystemError) -> Int {
        var facts = statvfs()
        try retrying("statvfs \(path)") { statvfs(path, &facts) }
        return Int(facts.f_bavail) * Int(facts.f_frsize)
    }
}
