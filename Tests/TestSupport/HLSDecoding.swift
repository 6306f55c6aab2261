import FoundationEssentials
import Glibc
import Platform

/// Decodes what an HLS directory holds: every segment on disk, also those that have left the playlist, in the order
/// of the numbers in their names. Fragmented MP4 (with its initialisation file) or MPEG-TS.
///
/// Segments are joined before they are decoded, because each needs the one before it; a new join begins where the
/// playlist says discontinuity and where the initialisation file is another one.
/// - Parameter output: where the PCM goes; kept by the caller.
public func decodeHLS(directory: String, playlist: String, to output: String) throws -> DecodedAudio {
    // The listing comes first: a segment that appears in between is in the playlist then, or too new to matter.
    let names = try FileManager.default.contentsOfDirectory(atPath: directory)
    let list = try HLSPlaylist(text: String(contentsOf: URL(filePath: "\(directory)/\(playlist)"), encoding: .utf8))
    var runs: [[String]] = []
    var lastInit: String?
    for name in list.segments(among: names) {
        let start = list.initialisation(for: name, among: names, in: directory)
        if runs.isEmpty || start != lastInit || list.discontinuities.contains(name) {
            runs.append([start].compactMap(\.self))
        }
        lastInit = start
        runs[runs.count - 1].append(name)
    }
    return try withTemporaryDirectory { scratch in
        let whole = try FileDescriptor.open(output, O_WRONLY | O_CREAT | O_TRUNC)
        var complaints = ""
        for run in runs {
            let joined = "\(scratch)/joined"
            try join(run.map { "\(directory)/\($0)" }, into: joined)
            let part = try decodePCM(joined, to: "\(scratch)/part.pcm")
            complaints += part.complaints
            try copy("\(scratch)/part.pcm", to: whole)
        }
        return try DecodedAudio(pcmFile: output, complaints: complaints)
    }
}

private func join(_ parts: [String], into path: String) throws {
    let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
    for part in parts { try copy(part, to: file) }
}

private func copy(_ path: String, to file: FileDescriptor) throws {
    let source = try FileDescriptor.open(path, O_RDONLY)
    while true {
        let bytes = try source.read(upTo: 1 << 18)
        if bytes.isEmpty { return }
        try file.write(all: bytes)
    }
}

/// What of a media playlist tells how segments belong together.
struct HLSPlaylist {
    var listed: [String] = []
    /// The initialisation file in force for each listed segment.
    var initialisations: [String: String] = [:]
    /// Segments that do not go on from the one before.
    var discontinuities: Set<String> = []

    init(text: String) {
        var map: String?
        var breaks = false
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("#EXT-X-MAP:"), let start = line.firstRange(of: "URI=\"") {
                map = String(line[start.upperBound...].prefix { $0 != "\"" })
            } else if line == "#EXT-X-DISCONTINUITY" {
                breaks = true
            } else if !line.hasPrefix("#") {
                let name = String(line)
                listed.append(name)
                initialisations[name] = map
                if breaks { discontinuities.insert(name) }
                breaks = false
            }
        }
    }

    /// All segments on disk: what has the same ending as a listed one and is no initialisation file.
    func segments(among names: [String]) -> [String] {
        guard let ending = listed.last.map(Self.ending) else { return [] }
        let starts = Set(initialisations.values)
        let found = Set(names).union(listed.filter(names.contains)).filter {
            Self.ending($0) == ending && !starts.contains($0) && !$0.hasPrefix("init")
        }
        return found.sorted { Self.numbers($0).lexicographicallyPrecedes(Self.numbers($1)) }
    }

    /// A segment that has left the playlist was written after its initialisation file: the youngest that is older.
    func initialisation(for segment: String, among names: [String], in directory: String) -> String? {
        if let told = initialisations[segment] { return told }
        guard let any = initialisations.values.first else { return nil }
        let candidates = Set(names.filter { $0.hasPrefix("init") && Self.ending($0) == Self.ending(any) })
            .union(initialisations.values)
        let written = Self.writtenAt("\(directory)/\(segment)")
        let dated = candidates.map { (name: $0, at: Self.writtenAt("\(directory)/\($0)")) }
        let older = dated.filter { $0.at <= written }.max { $0.at < $1.at }
        return (older ?? dated.min { $0.at < $1.at })?.name
    }

    private static func ending(_ name: String) -> Substring { name.split(separator: ".").last ?? "" }

    private static func numbers(_ name: String) -> [Int] { name.split { !$0.isNumber }.compactMap { Int($0) } }

    private static func writtenAt(_ path: String) -> Date {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.modificationDate] as? Date ?? .distantPast
    }
}
