internal import FoundationEssentials
internal import Glibc
internal import IPC
internal import Platform

/// Where the station is on its timeline, kept on disk so that an encoder that was killed goes on with the next frame.
///
/// The position changes 43 times a second and is written in place, 20 digits, without fsync: it has to survive the
/// process, and after a power cut being a few seconds old does no harm. What plays there changes with the tracks.
final class Playhead: Sendable {
    private struct Record: Codable {
        var version = 1
        var marks: [FeedMark]
    }

    private let path: String
    private let position: FileDescriptor
    private let written = Monitor<[FeedMark]>([])

    /// - Parameter path: the marks; the position lies beside it with the ending `.position`.
    init(path: String) throws(SystemError) {
        self.path = path
        position = try FileDescriptor.open(path + ".position", O_RDWR | O_CREAT, mode: 0o640)
    }

    /// What was written last; nil on a new station or when the files do not fit together.
    func load() -> (frame: Int, marks: [FeedMark])? {
        guard let data = FileManager.default.contents(atPath: path),
            let record = try? StationJSON.decode(Record.self, from: data), record.version == 1,
            let bytes = try? position.read(upTo: 20), let frame = Int(String(decoding: bytes, as: UTF8.self)),
            let first = record.marks.first, first.at <= frame
        else { return nil }
        // Marks that begin later were promised to an encoder that is gone; the feeder will promise anew.
        return (frame, record.marks.filter { $0.at <= frame })
    }

    /// Keeps the position, and the marks when they have changed.
    func save(frame: Int, marks: [FeedMark]) {
        let digits = String(frame)
        let text = String(repeating: "0", count: max(0, 20 - digits.count)) + digits
        _ = pwrite(position.number, text, 20, 0)
        let changed = written.withLock { known in
            defer { known = marks }
            return known != marks
        }
        guard changed, !marks.isEmpty else { return }
        do {
            try StationJSON.encode(Record(marks: marks)).write(to: URL(filePath: path), options: .atomic)
        } catch {
            Log.warning("cannot write \(path): \(error)")
        }
    }
}
