internal import Glibc

/// What `stat` says of one directory entry; equal stamps mean the same, unchanged file.
public struct FileStamp: Sendable, Hashable {
    public enum Kind: Sendable, Hashable { case regular, directory, other }

    public let kind: Kind
    public let inode: UInt64
    public let bytes: Int
    public let modifiedSeconds: Int
    public let modifiedNanoseconds: Int
}

/// Names, moves and removals of files. Every error names the path.
public enum Files {
    /// The stamp of `path` itself (a symbolic link is not followed); nil when nothing is there.
    public static func stamp(_ path: String) throws(SystemError) -> FileStamp? {
        var facts = stat()
        do throws(SystemError) {
            try retrying("stat \(path)") { lstat(path, &facts) }
        } catch  where error.code == ENOENT || error.code == ENOTDIR {
            return nil
        } catch {
            throw error
        }
        let kind: FileStamp.Kind =
            switch facts.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            default: .other
            }
        return FileStamp(
            kind: kind, inode: UInt64(facts.st_ino), bytes: Int(facts.st_size), modifiedSeconds: facts.st_mtim.tv_sec,
            modifiedNanoseconds: facts.st_mtim.tv_nsec)
    }

    /// The names in directory `path`, sorted, without `.` and `..`.
    public static func names(in path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw SystemError("read directory \(path)") }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                if errno != 0 { throw SystemError("read directory \(path)") }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// All bytes of `path`, or nil when nothing is there.
    /// - Throws: also EFBIG, when the file is larger than `bytesMax`.
    public static func read(_ path: String, bytesMax: Int) throws(SystemError) -> [UInt8]? {
        let file: FileDescriptor
        do throws(SystemError) {
            file = try FileDescriptor.open(path, O_RDONLY)
        } catch  where error.code == ENOENT {
            return nil
        } catch {
            throw error
        }
        var bytes: [UInt8] = []
        while true {
            let part = try file.read(upTo: 1 << 18)
            if part.isEmpty { return bytes }
            bytes += part
            if bytes.count > bytesMax { throw SystemError("read \(path), over \(bytesMax) bytes", code: EFBIG) }
        }
    }

    /// The last `bytesMax` bytes of `path`, or all of a shorter file.
    public static func tail(of path: String, bytesMax: Int) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path, O_RDONLY)
        let size = lseek(file.number, 0, SEEK_END)
        _ = lseek(file.number, max(0, size - bytesMax), SEEK_SET)
        var bytes: [UInt8] = []
        while bytes.count < bytesMax {
            let part = try file.read(upTo: min(1 << 18, bytesMax - bytes.count))
            if part.isEmpty { break }
            bytes += part
        }
        return bytes
    }

    /// Makes directory `path` unless it is there; its parent must exist.
    public static func makeDirectory(_ path: String) throws(SystemError) {
        do throws(SystemError) {
            try retrying("make directory \(path)") { mkdir(path, 0o755) }
        } catch  where error.code == EEXIST {
            guard try stamp(path)?.kind != .regular else { throw SystemError("make directory \(path)", code: ENOTDIR) }
        } catch {
            throw error
        }
    }

    /// Renames within one file system, replacing what is at `target`. Durable only after `syncDirectory`.
    public static func move(_ source: String, to target: String) throws(SystemError) {
        try retrying("rename \(source) to \(target)") { rename(source, target) }
    }

    /// Gives `source` a second name, replacing what is at `target`.
    public static func link(_ source: String, to target: String) throws(SystemError) {
        try remove(target)
        try retrying("link \(source) to \(target)") { Glibc.link(source, target) }
    }

    /// Removes a file. Returns false when there was none.
    @discardableResult
    public static func remove(_ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try retrying("remove \(path)") { unlink(path) }
        } catch  where error.code == ENOENT {
            return false
        } catch {
            throw error
        }
        return true
    }

    /// Removes a file, or a directory with all that is in it. Symbolic links are removed, not followed. What is not
    /// there is no error.
    public static func removeTree(_ path: String) throws(SystemError) {
        do throws(SystemError) {
            try remove(path)
        } catch  where error.code == EISDIR {
            for name in try names(in: path) { try removeTree("\(path)/\(name)") }
            try retrying("remove \(path)") { rmdir(path) }
        } catch {
            throw error
        }
    }

    /// Makes a file's bytes survive a power cut.
    public static func sync(_ path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_RDONLY)
        try retrying("fsync \(path)") { fsync(file.number) }
    }

    /// Makes the names in a directory survive a power cut.
    public static func syncDirectory(_ path: String) throws(SystemError) {
        let directory = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        try retrying("fsync \(path)") { fsync(directory.number) }
    }

    /// The directory that holds `path`.
    public static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
