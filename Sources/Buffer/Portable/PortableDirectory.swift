public import Domain
internal import FoundationEssentials
public import Platform
internal import Synchronization

/// A directory that holds a portable buffer: a Buffer, and the manifest of it. One process at a time fills it.
public final class PortableDirectory: Sendable {
    public let buffer: BufferDirectory
    private let file: String
    private let manifest: Mutex<PortableManifest>
    private let lock: FileLock

    private static let lockName = "bootstrap.lock"

    /// Opens the portable buffer in `path`, or begins one there.
    /// - Parameters:
    ///   - path: made if it is not there; its parent must be.
    ///   - newID: names it, if it is begun.
    /// - Throws: `PortableError`, `BufferError`, `SystemError`.
    public init(path: String, settings: PortableSettings, rules: BufferRules, newID: String) throws {
        try Files.makeDirectory(path)
        guard let lock = try FileLock.attempt("\(path)/\(Self.lockName)") else { throw PortableError.inUse(path) }
        self.lock = lock
        file = "\(path)/\(PortableManifest.fileName)"
        _ = try AtomicFile.removeStale(in: path)
        let found: PortableManifest
        if let bytes = try Files.read(file, bytesMax: PortableManifest.bytesMax) {
            guard let decoded = try? StationJSON.decode(PortableManifest.self, from: Data(bytes)) else {
                throw PortableError.badManifest(file, why: "not what this program writes")
            }
            if let flaw = decoded.flaw { throw PortableError.badManifest(file, why: flaw) }
            if let difference = decoded.settings.anyDifference(from: settings) {
                throw PortableError.otherSettings(path, difference: difference)
            }
            found = decoded
        } else {
            let others = try Files.names(in: path).filter { $0 != Self.lockName }
            if let other = others.first { throw PortableError.notEmpty(path, other: other) }
            found = PortableManifest(id: newID, settings: settings)
            // Before anything else is there: whoever comes after a kill knows whose directory this is.
            try Self.write(found, to: file)
        }
        buffer = try BufferDirectory(root: path, rules: rules)
        manifest = Mutex(found)
        try dropMissing()
    }

    /// Forgets tracks that were written down and never put in place; they are composed again.
    public func dropMissing() throws(SystemError) {
        let there = Set(try Files.names(in: buffer.path))
        manifest.withLock { $0.tracks.removeAll { !there.contains($0.file) } }
    }

    /// Tracks that are there.
    public var trackCount: Int { manifest.withLock { $0.tracks.count } }

    /// Writes a track down; to be called right before it is committed.
    public func add(_ track: PortableTrack) throws(SystemError) {
        let changed = manifest.withLock { manifest in
            manifest.tracks.removeAll { $0.number == track.number }
            let place = manifest.tracks.lastIndex { $0.number < track.number }.map { $0 + 1 } ?? 0
            manifest.tracks.insert(track, at: place)
            return manifest
        }
        try Self.write(changed, to: file)
    }

    /// Writes the manifest as it is, without what was cut off.
    public func save() throws(SystemError) {
        try dropMissing()
        try Self.write(manifest.withLock { $0 }, to: file)
    }

    private static func write(_ manifest: PortableManifest, to file: String) throws(SystemError) {
        guard let bytes = try? StationJSON.encode(manifest, pretty: true) else {
            throw SystemError("encode \(file)", code: 22)
        }
        try AtomicFile.write(bytes, to: file)
    }
}

/// Why a directory cannot be filled.
public enum PortableError: Error, Sendable, Equatable, CustomStringConvertible {
    case inUse(String)
    case badManifest(String, why: String)
    case otherSettings(String, difference: String)
    case notEmpty(String, other: String)

    public var description: String {
        switch self {
        case .inUse(let path): "\(path): another process fills it now"
        case .badManifest(let file, let why): "\(file) cannot be used: \(why)"
        case .otherSettings(let path, let difference):
            "\(path) was begun with other settings: \(difference); finish it with those, or fill another directory"
        case .notEmpty(let path, let other):
            "\(path) is not empty (\(other)) and no portable buffer; name a directory that is, or a new one"
        }
    }
}

extension PortableTrack {
    /// A track that is about to be committed to `reservation`.
    public init(
        _ reservation: Reservation, frames: Int, title: String, provenance: Provenance, nonCommercial: Bool
    ) {
        let name = ChunkName(
            number: reservation.number, promptIndex: reservation.promptIndex,
            wholeSeconds: Int(StationAudio.seconds(ofFrames: frames).rounded()))
        self.init(
            number: reservation.number, promptIndex: reservation.promptIndex,
            positionInPrompt: reservation.positionInPrompt, file: name.file, frames: frames,
            sha256: provenance.sha256 ?? "", title: title, provenance: provenance.finite,
            nonCommercial: nonCommercial)
    }
}
