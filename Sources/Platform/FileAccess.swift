internal import Glibc

/// Whose a file is, and who may do what with it.
public struct FileAccess: Sendable, Equatable {
    public let ownerID: UInt32
    /// Permission bits.
    public let mode: UInt32
    public let isDirectory: Bool
    /// True when this process may write to it; of a directory, make files in it.
    public let isWritable: Bool

    /// Nil when there is nothing at `path`, or it cannot be looked at.
    public init?(_ path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        ownerID = facts.st_uid
        mode = UInt32(facts.st_mode) & 0o7777
        isDirectory = facts.st_mode & S_IFMT == S_IFDIR
        isWritable = access(path, isDirectory ? W_OK | X_OK : W_OK) == 0
    }

    /// True for a directory, or a link to one.
    public static func isDirectory(_ path: String) -> Bool { FileAccess(path)?.isDirectory ?? false }

    /// True for a file, or a link to one, that this process may run.
    public static func isExecutable(_ path: String) -> Bool {
        guard let file = FileAccess(path), !file.isDirectory else { return false }
        return access(path, X_OK) == 0
    }
}
