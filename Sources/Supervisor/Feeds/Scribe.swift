internal import FoundationEssentials
internal import Glibc
internal import Platform

/// Writes files for the control loop, which must not wait for a disk. What piles up is bounded: of a file that is
/// replaced only the newest version waits, and lines that find no room are dropped and counted. What a full disk does not
/// take is tried again until it does.
final class Scribe: Sendable {
    private struct Desk {
        var replacements: [String: Data] = [:]
        var lines: [UInt8] = []
        var dropped = 0
        var isClosing = false
        var isIdle = true
        /// What it failed with last; nil when all is well.
        var trouble: String?
        /// Monotonic seconds; not before.
        var retryAt = 0.0
    }

    private let desk = Monitor(Desk())
    private let journal: String
    private static let retrySeconds = 1.0
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
            let seconds = desk.read { $0.trouble == nil ? 3600 : Self.retrySeconds }
            let work: Desk? = desk.wait(timeoutSeconds: seconds) { desk in
                if desk.lines.isEmpty && desk.replacements.isEmpty { return nil }
                if SystemClock().monotonicSeconds < desk.retryAt { return nil }
                let work = desk
                desk.lines = []
                desk.replacements = [:]
                desk.dropped = 0
                desk.isIdle = false
                return work
            }
            guard let work else {
                if desk.read({ $0.isClosing && $0.lines.isEmpty && $0.replacements.isEmpty }) { return }
                continue
            }
            perform(work)
        }
    }

    private func perform(_ work: Desk) {
        var left = Desk()
        var trouble: (any Error)?
        for (path, bytes) in work.replacements {
            do { try AtomicFile.write(bytes, to: path) } catch {
                left.replacements[path] = bytes
                trouble = error
            }
        }
        if !work.lines.isEmpty {
            do { try append(work.lines) } catch {
                left.lines = work.lines
                trouble = error
            }
        }
        if work.dropped > 0 { Log.warning("\(work.dropped) events could not be written to \(journal)") }
        tell(trouble, before: work.trouble)
        desk.withLock { desk in
            desk.trouble = trouble.map { "\($0)" }
            // What is newer counts; lines go on where they were.
            desk.replacements.merge(left.replacements) { newer, _ in newer }
            desk.lines = left.lines + desk.lines
            desk.retryAt = trouble == nil ? 0 : SystemClock().monotonicSeconds + Self.retrySeconds
            desk.isIdle = true
        }
    }

    /// All or nothing: half a line would spoil the next one, too.
    private func append(_ bytes: [UInt8]) throws(SystemError) {
        var status = stat()
        if stat(journal, &status) == 0, status.st_size > Self.journalBytesMax {
            _ = rename(journal, journal + ".1")
        }
        let file = try FileDescriptor.open(journal, O_WRONLY | O_CREAT | O_APPEND, mode: 0o640)
        let end = lseek(file.number, 0, SEEK_END)
        do throws(SystemError) { try file.write(all: bytes) } catch {
            _ = ftruncate(file.number, end)
            throw error
        }
    }

    /// Once when it begins and once when it ends; the station itself does not depend on it.
    private func tell(_ trouble: (any Error)?, before: String?) {
        if let trouble, before == nil {
            Log.warning("not written down: \(trouble); trying again every \(Int(Self.retrySeconds)) s")
        } else if trouble == nil, before != nil {
            Log.info("what was to be written down is written down again")
        }
    }
}
