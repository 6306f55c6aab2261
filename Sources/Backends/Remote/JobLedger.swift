internal import FoundationEssentials
internal import Glibc
internal import Platform
internal import Synchronization

/// What this station has asked of which renderer and not taken its leave of yet: on disk, so that after a restart a
/// track that was finished meanwhile is fetched and not rendered again, and nothing is left lying anywhere.
final class JobLedger: Sendable {
    struct Entry: Codable, Sendable, Hashable {
        var job: String
        var renderer: String
        /// The track's.
        var number: Int
        /// It is to be forgotten there: what it was for is done, or came from elsewhere.
        var isSpent = false
    }

    private struct Book: Codable {
        var entries: [Entry] = []
        /// Which renderer made the earlier tracks of a turn, newest last.
        var turns: [Turn] = []
    }

    private struct Turn: Codable {
        var number: Int
        var renderer: String
    }

    private static let entriesMax = 2000
    private static let turnsMax = 50

    /// Drawn once, the same for every generator: tells this station's turns and jobs from those of others.
    let station: String
    private let file: String
    private let book: Mutex<Book>
    /// Generators work beside each other, each with a book of its own.
    private let lock: FileLock
    private static let booksMax = 64

    /// - Throws: when the directory cannot be made or written to.
    init(directory: String) throws {
        var made = ""
        for part in directory.split(separator: "/") {
            made += "/" + part
            try Files.makeDirectory(made)
        }
        station = try Self.station(in: directory)
        for number in 0..<Self.booksMax {
            guard let lock = try FileLock.attempt("\(directory)/jobs_\(number).lock") else { continue }
            self.lock = lock
            file = "\(directory)/jobs_\(number).json"
            // One that cannot be read is about jobs that the renderers will forget by themselves.
            let kept = try Files.read(file, bytesMax: 4 << 20).flatMap { bytes in
                try? StationJSON.decode(Book.self, from: Data(bytes))
            }
            book = Mutex(kept ?? Book())
            return
        }
        throw SystemError("find a free book in \(directory)", code: EBUSY)
    }

    private static func station(in directory: String) throws -> String {
        let name = directory + "/station"
        guard let lock = try FileLock.wait(directory + "/lock", timeoutSeconds: 10) else {
            throw SystemError("lock \(directory)", code: ETIMEDOUT)
        }
        defer { withExtendedLifetime(lock) {} }
        if let kept = try Files.read(name, bytesMax: 1024), (1...32).contains(kept.count) {
            return String(decoding: kept, as: UTF8.self)
        }
        let drawn = String(UInt64.random(in: 1...UInt64.max), radix: 16)
        try AtomicFile.write(Data(drawn.utf8), to: name)
        return drawn
    }

    /// Before a renderer is asked: what is not written down is asked of nobody.
    func note(_ job: String, at renderer: String, number: Int) throws {
        try change { book in
            book.entries.removeAll { $0.job == job && $0.renderer == renderer }
            book.entries.append(Entry(job: job, renderer: renderer, number: number))
            book.entries = book.entries.suffix(Self.entriesMax)
        }
    }

    /// The track is here, whoever made it: whatever was asked for it is to be forgotten.
    func spend(_ job: String) throws {
        try change { book in
            for place in book.entries.indices where book.entries[place].job == job {
                book.entries[place].isSpent = true
            }
        }
    }

    /// Tracks whose time is past, or that are asked for differently now, are wanted no more.
    /// - Parameter wanted: the job of each track's number.
    func sweep(wanted: [Int: String]) throws {
        guard let first = wanted.keys.min() else { return }
        try change { book in
            for place in book.entries.indices {
                let entry = book.entries[place]
                if entry.number < first || wanted[entry.number].map({ $0 != entry.job }) ?? false {
                    book.entries[place].isSpent = true
                }
            }
        }
    }

    func drop(_ entry: Entry) throws {
        try change { book in book.entries.removeAll { $0.job == entry.job && $0.renderer == entry.renderer } }
    }

    /// Whom `job` was asked of last, and is waited for.
    func renderer(of job: String) -> String? {
        book.withLock { $0.entries.last { $0.job == job && !$0.isSpent }?.renderer }
    }

    /// Jobs that `renderer` is to forget.
    func spent(at renderer: String) -> [Entry] {
        book.withLock { $0.entries.filter { $0.renderer == renderer && $0.isSpent } }
    }

    func renderer(ofTurn turn: Int) -> String? { book.withLock { $0.turns.last { $0.number == turn }?.renderer } }

    func note(turn: Int, at renderer: String) throws {
        if self.renderer(ofTurn: turn) == renderer { return }
        try change { book in
            book.turns.removeAll { $0.number == turn }
            book.turns.append(Turn(number: turn, renderer: renderer))
            book.turns = book.turns.suffix(Self.turnsMax)
        }
    }

    private func change(_ how: (inout Book) -> Void) throws {
        try book.withLock { book in
            how(&book)
            try AtomicFile.write(try StationJSON.encode(book), to: file)
        }
    }
}
