internal import FoundationEssentials
internal import Glibc
internal import Platform

/// Writes files for the control loop, which must not wait for a disk. What piles up is bounded: of a file that is
/// replaced only the newest version waits, and lines that find no room are dropped and counted.
final class Scribe: Sendable {
    private struct Desk {
        var replacements: [String: Data] = [:]
        var lines: [UInt8] = []
        var dropped = 0
        var isClosing = false
        var isIdle = true
    }

    private let desk = Monitor(Desk())
    private let journal: String
    private static let linesBytesMax = 1 << 20
    private static let journalBytesMax = 4 << 20

    /// - Parameter journal: the file that lines are added to; it and one older file are kept, of 4 MiB each.
    init(journal: String) {
        self.journal = journal
        NamedThread.start("scribe") { [self] in write() }
    }

    /// Replaces the file at `path`, soon.
    func replace(_ path: String, with bytes: Data) {
        desk.withLock { $0.replacements[path] = bytes }
    }

    /// Adds a line to the journal, soon.
    func add(line: [UInt8]) {
        desk.withLock { desk in
            if desk.lines.count + line.count > Self.linesBytesMax {
                desk.dropped += 1
            } else {
                desk.lines += line + [UInt8(ascii: "\n")]
            }
        }
    }

    /// Waits until everything is written, or the time is up.
    func close(timeoutSeconds: Double) {
        desk.withLock { $0.isClosing = true }
        _ = desk.wait(timeoutSeconds: timeoutSeconds) {
            $0.isIdle && $0.lines.isEmpty && $0.replacements.isEmpty ? true : nil
        }
    }

    private func write() {
        while true {
            let work: Desk? = desk.wait(timeoutSeconds: 3600) { desk in
                if desk.lines.isEmpty, desk.replacements.isEmpty { return nil }
                let work = desk
                desk.lines = []
                desk.replacements = [:]
                desk.dropped = 0
                desk.isIdle = false
                return work
            }
            guard let work else {
                if desk.read({ $0.isClosing }) { return }
                continue
            }
            for (path, bytes) in work.replacements {
                do { try AtomicFile.write(bytes, to: path) } catch { complain(error) }
            }
            if !work.lines.isEmpty { append(work.lines) }
            if work.dropped > 0 { Log.warning("\(work.dropped) events could not be written to \(journal)") }
            desk.withLock { $0.isIdle = true }
        }
    }

    private func append(_ bytes: [UInt8]) {
        do {
            var status = stat()
            if stat(journal, &status) == 0, status.st_size > Self.journalBytesMax {
                _ = rename(journal, journal + ".1")
            }
            let file = try FileDescriptor.open(journal, O_WRONLY | O_CREAT | O_APPEND, mode: 0o640)
            try file.write(all: bytes)
        } catch {
            complain(error)
        }
    }

    private func complain(_ error: some Error) {
        // Once a batch is often enough; the station itself does not depend on it.
        Log.warning("not written down: \(error)")
    }
}
