internal import Glibc

/// Whole files of a known greatest size.
enum BoundedFile {
    /// - Returns: what the file holds and its permission bits; nil when there is none.
    /// - Throws: `unreadable` for everything that is not a regular file of up to `maximumBytes`.
    static func read(_ path: String, maximumBytes: Int) throws(ConfigError) -> (bytes: [UInt8], mode: UInt32)? {
        // Without O_NONBLOCK a FIFO in the file's place would hang the station.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            throw .unreadable(file: path, reason: reason(errno))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(file: path, reason: reason(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(file: path, reason: "not a regular file") }
        var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if got < 0, errno == EINTR { continue }
            if got < 0 { throw .unreadable(file: path, reason: reason(errno)) }
            if got == 0 { break }
            count += got
        }
        if count > maximumBytes { throw .unreadable(file: path, reason: "larger than \(maximumBytes) bytes") }
        return (Array(bytes.prefix(count)), status.st_mode & 0o7777)
    }

    /// An errno in words.
    static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
