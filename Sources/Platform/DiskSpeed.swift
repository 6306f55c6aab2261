internal import Glibc

/// How fast a directory takes bytes that must last.
public struct DiskSpeed: Sendable, Equatable {
    /// Bytes a second, written and synced.
    public let bytesPerSecond: Double
    /// Of one small write with its fsync, the median.
    public let syncSeconds: Double

    public init(bytesPerSecond: Double, syncSeconds: Double) {
        self.bytesPerSecond = bytesPerSecond
        self.syncSeconds = syncSeconds
    }

    /// Measures with a file that has no name, so that nothing stays behind whatever happens.
    /// - Parameters:
    ///   - bytes: how much is written at most.
    ///   - secondsMax: no further write begins after this time.
    /// - Throws: what the file system says, a full one included.
    public static func measure(
        in directory: String, bytes: Int = 16 << 20, secondsMax: Double = 2, clock: some StationClock = SystemClock()
    ) throws(SystemError) -> DiskSpeed {
        let file = try nameless(in: directory)
        let block = [UInt8](repeating: 0xA5, count: 1 << 20)
        let began = clock.monotonicSeconds
        var written = 0
        while written < bytes, clock.monotonicSeconds - began < secondsMax {
            try file.write(all: block)
            written += block.count
            try retrying("fsync in \(directory)") { fdatasync(file.number) }
        }
        let took = max(clock.monotonicSeconds - began, 1e-6)
        var syncs: [Double] = []
        let tail = clock.monotonicSeconds
        while syncs.count < 9, clock.monotonicSeconds - tail < secondsMax / 2 {
            let from = clock.monotonicSeconds
            try file.write(all: [0x5A])
            try retrying("fsync in \(directory)") { fsync(file.number) }
            syncs.append(clock.monotonicSeconds - from)
        }
        return DiskSpeed(
            bytesPerSecond: Double(written) / took, syncSeconds: syncs.sorted().dropFirst(syncs.count / 2).first ?? 0)
    }

    private static func nameless(in directory: String) throws(SystemError) -> FileDescriptor {
        let path = "\(directory)/.lofisup-doctor.\(getpid())"
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        unlink(path)
        return file
    }
}
