internal import Glibc

/// What /proc says of one process.
public struct ProcessFigures: Sendable, Equatable {
    /// User and system time so far, in seconds.
    public var cpuSeconds: Double
    public var residentBytes: Int

    /// Reads /proc/PID/stat; nil when there is no such process.
    public init?(pid: Int32) {
        guard let file = try? FileDescriptor.open("/proc/\(pid)/stat", O_RDONLY),
            let bytes = try? file.read(upTo: 4096)
        else { return nil }
        // The command name is in parentheses and may hold anything; fields are counted after the last one.
        let text = String(decoding: bytes, as: UTF8.self)
        guard let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let pages = Int(fields[21])
        else { return nil }
        cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
