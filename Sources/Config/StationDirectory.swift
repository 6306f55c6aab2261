internal import Glibc

/// Making one directory of the station.
enum StationDirectory {
    /// Makes `path` and what is missing above it, and checks that files can be made in it. Leaves the mode of what is
    /// already there as it is.
    static func make(_ path: String) throws(ConfigError) {
        var partial = ""
        for component in path.split(separator: "/") {
            partial += "/" + component
            if mkdir(partial, 0o750) == 0 { continue }
            let code = errno
            // Anything there will do on the way down; a read-only or closed parent may still hold the rest.
            var status = stat()
            guard stat(partial, &status) == 0 else {
                throw .unusableDirectory(path: path, reason: "cannot make \(partial): \(BoundedFile.reason(code))")
            }
            if status.st_mode & S_IFMT != S_IFDIR {
                throw .unusableDirectory(path: path, reason: "\(partial) is there and is no directory")
            }
        }
        if access(path, W_OK | X_OK) != 0 {
            throw .unusableDirectory(path: path, reason: "cannot write to it: \(BoundedFile.reason(errno))")
        }
    }
}
