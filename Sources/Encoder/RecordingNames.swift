internal import Glibc
internal import Platform

/// The files of a destination that is a path: one for every connection, because none may be written over.
final class RecordingNames: Sendable {
    private let path: String
    private let clock: any StationClock
    private let last = Monitor<String?>(nil)

    /// - Parameter path: as configured; the time goes in before its ending.
    init(path: String, clock: any StationClock) {
        self.path = path
        self.clock = clock
    }

    /// The next file, which does not exist yet: `show-20270115T080000Z.flv`, the time being UTC.
    func next() -> String {
        last.withLock { last in
            // What could not take a single byte (a full disk, tried again every few seconds) is no recording.
            if let last, Self.isEmpty(last) { unlink(last) }
            let dot = path.lastIndex(of: ".") ?? path.endIndex
            let stem = path[..<dot] + "-" + Self.stamp(clock.wallSeconds)
            var name = stem + path[dot...]
            var copy = 1
            while access(String(name), F_OK) == 0 {
                copy += 1
                name = stem + "-\(copy)" + path[dot...]
            }
            last = String(name)
            return String(name)
        }
    }

    private static func isEmpty(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_size == 0
    }

    private static func stamp(_ wallSeconds: Double) -> String {
        var seconds = time_t(wallSeconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
