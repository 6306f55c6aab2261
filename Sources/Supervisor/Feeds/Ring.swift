internal import IPC

/// The newest entries of a feed, numbered without gaps, so that a reader can tell what it missed.
struct Ring {
    private var entries: [FeedEntry] = []
    /// Entries before this index have been dropped and wait to be cut off.
    private var start = 0
    private var bytes = 0
    private(set) var nextNumber: Int
    private let countMax: Int
    private let bytesMax: Int

    /// - Parameters:
    ///   - nextNumber: of the first entry that comes.
    ///   - countMax: entries kept at most.
    ///   - bytesMax: text kept at most.
    init(nextNumber: Int = 1, countMax: Int, bytesMax: Int) {
        self.nextNumber = nextNumber
        self.countMax = countMax
        self.bytesMax = bytesMax
    }

    /// Adds an entry, which is given its number here.
    @discardableResult
    mutating func add(time: Double, worker: String?, kind: String, text: String) -> FeedEntry {
        let entry = FeedEntry(number: nextNumber, time: time, worker: worker, kind: kind, text: text)
        restore(entry)
        return entry
    }

    /// Takes an entry that an earlier life has numbered.
    mutating func restore(_ entry: FeedEntry) {
        if entry.number != nextNumber {
            // Places are counted by numbers: what lies before a gap cannot be kept beside what follows it.
            entries = []
            start = 0
            bytes = 0
        }
        nextNumber = entry.number + 1
        entries.append(entry)
        bytes += entry.text.utf8.count
        while entries.count - start > countMax || bytes > bytesMax, entries.count - start > 1 {
            bytes -= entries[start].text.utf8.count
            start += 1
        }
        // Cut seldom, so that each entry moves about once.
        if start > entries.count / 2 {
            entries.removeFirst(start)
            start = 0
        }
    }

    var kept: ArraySlice<FeedEntry> { entries[start...] }

    /// What answers `query`; nil when there is nothing new to answer it with.
    func page(_ query: FeedQuery) -> FeedPage? {
        let countMax = min(max(1, query.countMax), Self.pageCountMax)
        guard let since = query.since else {
            var bytes = 0
            let newest = kept.suffix(countMax).reversed().prefix { entry in
                bytes += entry.text.utf8.count + Self.entryBytesUsual
                return bytes <= Self.pageBytesMax
            }
            return kept.isEmpty ? nil : FeedPage(entries: newest.reversed(), lost: 0, next: nextNumber - 1)
        }
        // A number that was not given yet is from another life of this feed: all that is kept is new then.
        let known = since >= nextNumber ? 0 : max(0, since)
        let firstKept = kept.first?.number ?? nextNumber
        // Numbers have no gaps, so that the place of each is known.
        var bytes = 0
        let found = kept.dropFirst(max(0, known + 1 - firstKept)).prefix(countMax).prefix { entry in
            bytes += entry.text.utf8.count + Self.entryBytesUsual
            return bytes <= Self.pageBytesMax
        }
        guard let last = found.last else { return nil }
        return FeedPage(entries: Array(found), lost: known > 0 ? max(0, firstKept - known - 1) : 0, next: last.number)
    }

    /// What answers `query` when there is nothing.
    var emptyPage: FeedPage { FeedPage(entries: [], lost: 0, next: nextNumber - 1) }

    private static let pageCountMax = 1000
    /// A page must fit into one message, escapes and all.
    private static let pageBytesMax = 128 << 10
    private static let entryBytesUsual = 150
}
