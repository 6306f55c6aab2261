internal import FoundationEssentials
internal import Glibc
internal import IPC
internal import Platform

/// Where the station is on its timeline, kept on disk so that an encoder that was killed goes on with the next frame.
///
/// The position is written often, in place, 20 digits, without fsync: it has to survive the process, and after a
/// power cut being a few seconds old does no harm. What plays there changes with the tracks.
final class Playhead: Sendable {
    private struct Record: Codable {
        var version = 1
        var marks: [FeedMark]
    }

    private struct Written {
        var frame = 0
        var marks: [FeedMark] = []
        var saidTrouble = false
    }

    private let path: String
    private let position: FileDescriptor
    private let written = Monitor(Written())

    /// - Parameter path: the marks; the position lies beside it with the ending `.position`.
    init(path: String) throws(SystemError) {
        self.path = path
        position = try FileDescriptor.open(path + ".position", O_RDWR | O_CREAT, mode: 0o640)
    }

    /// What was written last; nil on a new station or when the marks cannot be read.
    func load() -> (frame: Int, marks: [FeedMark])? {
        guard let data = FileManager.default.contents(atPath: path),
            let record = try? StationJSON.decode(Record.self, from: data), record.version == 1,
            let first = record.marks.first
        else { return nil }
        var digits = [UInt8](repeating: 0, count: Self.digits)
        _ = pread(position.number, &digits, digits.count, 0)
        // After a power cut the position may be older than the marks, or gone: the oldest mark was reached for sure.
        let frame = max(first.at, Int(String(decoding: digits, as: UTF8.self)) ?? 0)
        // Marks that begin later were promised to an encoder that is gone; the feeder will promise anew.
        return (frame, record.marks.filter { $0.at <= frame })
    }

    /// Keeps the position, and the marks when they have changed. A position behind one that was kept is ignored.
    func save(frame: Int, marks: [FeedMark]) {
        written.withLock { known in
            guard frame >= known.frame else { return }
            known.frame = frame
            let text = String(frame)
            let padded = String(repeating: "0", count: max(0, Self.digits - text.utf8.count)) + text
            _ = pwrite(position.number, padded, Self.digits, 0)
            guard known.marks != marks, !marks.isEmpty else { return }
            do {
                try StationJSON.encode(Record(marks: marks)).write(to: URL(filePath: path), options: .atomic)
                known.marks = marks
                known.saidTrouble = false
            } catch {
                // Tried again with the next save, and said once.
                if !known.saidTrouble { Log.warning("cannot write \(path): \(error)") }
                known.saidTrouble = true
            }
        }
    }

    private static let digits = 20
}
