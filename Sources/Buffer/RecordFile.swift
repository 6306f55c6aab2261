internal import FoundationEssentials
internal import Platform

/// A record that can be told to be wrong although its JSON is well-formed.
protocol FlawedRecord: Codable, Sendable {
    /// What is wrong with it, in words; nil when nothing is.
    var flaw: String? { get }
}

/// A JSON file that is replaced whole, whose previous version is kept beside it, and which is set aside when it
/// cannot be believed.
struct RecordFile<Record: FlawedRecord>: Sendable {
    enum Content {
        case missing
        case broken(reason: String)
        case whole(Record, FileStamp)
    }

    let path: String
    let name: String
    /// 14,400 entries take under 10 MB; anything over this was not written here.
    private let bytesMax = 256 << 20
    private let brokenKept = 10

    init(_ path: String) {
        self.path = path
        name = path.split(separator: "/").last.map(String.init) ?? path
    }

    var previousPath: String { path + ".previous" }

    /// The stamp of the file as it is now; nil when there is none.
    func stamp() throws(BufferError) -> FileStamp? {
        try onDisk(path) { () throws(SystemError) in try Files.stamp(path) }
    }

    func load() throws(BufferError) -> Content { try load(path) }

    /// The version before the current one, if it can be believed.
    func loadPrevious() -> Record? {
        guard case .whole(let record, _)? = try? load(previousPath) else { return nil }
        return record
    }

    private func load(_ path: String) throws(BufferError) -> Content {
        // The stamp is taken first: a replacement in between makes the next look read again, never miss one.
        guard let stamp = try onDisk(path, { () throws(SystemError) in try Files.stamp(path) }) else { return .missing }
        guard stamp.kind == .regular else { return .broken(reason: "not a regular file") }
        guard stamp.bytes <= bytesMax else { return .broken(reason: "\(stamp.bytes) bytes are too many") }
        let read = try onDisk(path) { () throws(SystemError) in try Files.read(path, bytesMax: bytesMax) }
        guard let bytes = read else { return .missing }
        do {
            let record = try StationJSON.decode(Record.self, from: Data(bytes))
            if let flaw = record.flaw { return .broken(reason: flaw) }
            return .whole(record, stamp)
        } catch {
            return .broken(reason: Self.words(for: error))
        }
    }

    /// Replaces the file; its version so far becomes the previous one.
    /// - Parameter generation: differs from the last one's, and so does the stamp then.
    func save(_ record: Record, generation: Int) throws(BufferError) -> FileStamp? {
        let bytes: Data
        do {
            bytes = try StationJSON.encode(record, pretty: true)
        } catch {
            throw .system(SystemError("encode \(path)", code: 22))
        }
        try onDisk(path, neededBytes: bytes.count) { () throws(SystemError) in
            // A second name for the version about to be replaced is a bonus: not every file system has hard links.
            if try Files.stamp(path) != nil { try? Files.link(path, to: previousPath) }
            try AtomicFile.write(bytes, to: path, stamp: generation)
        }
        return try stamp()
    }

    /// Renames the file to `NAME.broken-N`, N one above the highest so far; the oldest beyond a few are removed.
    /// - Returns: the new name.
    func setAside() throws(BufferError) -> String {
        try onDisk(path) { () throws(SystemError) in
            let directory = Files.parent(of: path)
            let kept = try Files.names(in: directory).compactMap(brokenNumber).sorted()
            let aside = "\(name).broken-\((kept.last ?? 0) + 1)"
            try Files.move(path, to: "\(directory)/\(aside)")
            for number in kept.dropLast(brokenKept - 1) { try Files.remove("\(path).broken-\(number)") }
            return aside
        }
    }

    /// True for the names this file's own versions bear.
    func owns(_ other: String) -> Bool {
        other.hasPrefix(name) && (other == name || other == name + ".previous" || brokenNumber(other) != nil)
    }

    private func brokenNumber(_ other: String) -> Int? {
        let prefix = name + ".broken-"
        return other.hasPrefix(prefix) ? Int(other.dropFirst(prefix.count)) : nil
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context): "no \"\(key.stringValue)\" at \(place(context))"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "a value of the wrong type at \(place(context))"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            "an unknown value at \(place(context))"
        default: "not valid JSON"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
        return path.isEmpty ? "the top" : path.joined(separator: ".")
    }
}
