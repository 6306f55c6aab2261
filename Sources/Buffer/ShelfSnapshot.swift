internal import Platform

/// The Buffer at one moment: entries by number, and how far airing has come.
struct ShelfSnapshot: Sendable {
    let tracks: [TrackEntry]
    let marks: BufferMarks
    let readyCount: Int
    let readyFrames: Int

    /// - Parameter tracks: in any order; those the marks have passed become consumed.
    init(tracks: [TrackEntry], marks: BufferMarks) {
        var sorted = tracks
        var readyCount = 0
        var readyFrames = 0
        var last = 0
        var inOrder = true
        for index in sorted.indices {
            if sorted[index].number <= marks.consumedThrough { sorted[index].state = .consumed }
            if sorted[index].number < last { inOrder = false }
            last = sorted[index].number
            guard sorted[index].state == .ready else { continue }
            readyCount += 1
            readyFrames += sorted[index].frames
        }
        if !inOrder { sorted.sort { $0.number < $1.number } }
        self.tracks = sorted
        self.marks = marks
        self.readyCount = readyCount
        self.readyFrames = readyFrames
    }

    /// The first index whose number is above `number`.
    func index(above number: Int) -> Int {
        var low = 0
        var high = tracks.count
        while low < high {
            let middle = (low + high) / 2
            if tracks[middle].number > number { high = middle } else { low = middle + 1 }
        }
        return low
    }

    func entry(number: Int) -> TrackEntry? {
        let index = index(above: number - 1)
        return index < tracks.count && tracks[index].number == number ? tracks[index] : nil
    }

    /// The lowest ready entry above `number`.
    func firstReady(above number: Int) -> TrackEntry? { tracks[index(above: number)...].first { $0.state == .ready } }
}

/// What was last read, and the stamps of the files it was read from.
struct ShelfCache: Sendable {
    var metadata: (record: BufferMetadata, stamp: FileStamp)?
    var marks: (record: BufferMarks, stamp: FileStamp)?
    var evergreen: (record: EvergreenIndex, stamp: FileStamp)?
    private var snapshot: ShelfSnapshot?
    /// Times a file was really read and parsed.
    private(set) var reads = 0

    /// Looks whether anything changed and reads only that. Nil when a file has to be repaired first.
    mutating func refresh(_ paths: BufferPaths) throws(BufferError) -> ShelfSnapshot? {
        let metadataFile = RecordFile<BufferMetadata>(paths.metadata)
        let marksFile = RecordFile<BufferMarks>(paths.marks)
        // Marks first: they are written first, and a passed track that the older entries still call ready is
        // consumed all the same.
        if try marksFile.stamp() != marks?.stamp || marks == nil {
            snapshot = nil
            switch try marksFile.load() {
            case .broken: return nil
            case .missing: marks = nil
            case .whole(let record, let stamp):
                marks = (record, stamp)
                reads += 1
            }
        }
        if try metadataFile.stamp() != metadata?.stamp || metadata == nil {
            snapshot = nil
            guard case .whole(let record, let stamp) = try metadataFile.load() else { return nil }
            metadata = (record, stamp)
            reads += 1
        }
        if let snapshot { return snapshot }
        guard let metadata else { return nil }
        let fresh = ShelfSnapshot(
            tracks: metadata.record.tracks, marks: metadata.record.marks.merged(with: marks?.record))
        snapshot = fresh
        return fresh
    }

    /// The evergreen index as it is on disk now; an empty one when it is missing, nil when it is broken.
    mutating func refreshEvergreen(_ paths: BufferPaths) throws(BufferError) -> EvergreenIndex? {
        let file = RecordFile<EvergreenIndex>(paths.evergreenIndex)
        if let evergreen, try file.stamp() == evergreen.stamp { return evergreen.record }
        switch try file.load() {
        case .missing: return EvergreenIndex()
        case .broken: return nil
        case .whole(let record, let stamp):
            evergreen = (record, stamp)
            reads += 1
            return record
        }
    }

    mutating func wrote(_ record: BufferMetadata, _ stamp: FileStamp?) {
        metadata = stamp.map { (record, $0) }
        snapshot = nil
    }

    mutating func wrote(_ record: BufferMarks, _ stamp: FileStamp?) {
        marks = stamp.map { (record, $0) }
        snapshot = nil
    }

    mutating func wrote(_ record: EvergreenIndex, _ stamp: FileStamp?) {
        evergreen = stamp.map { (record, $0) }
    }
}
