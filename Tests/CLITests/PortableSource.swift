import Buffer
import Domain
import Foundation
import Platform
import TestSupport

@testable import CLI

/// A portable buffer made without a backend: every track is a tone of its own.
struct PortableSource {
    let path: String
    let directory: PortableDirectory
    static let trackSeconds = 5
    static let tracksPerPrompt = 3

    /// The configuration whose tracks these are.
    static let sections = """
        [generator]
        track_seconds = \(trackSeconds)
        prompt_seconds = \(trackSeconds * tracksPerPrompt)
        [buffer]
        disk_reserve = "1 MB"

        """

    /// - Parameter licence: of the tracks.
    init(at path: String, tracks: Int, licence: String? = nil) throws {
        self.path = path
        let config = try StationFileText.parse(Self.sections)
        var rules = BufferRules(config)
        rules.diskReserveBytes = 0
        directory = try PortableDirectory(
            path: path, settings: PortableSettings(config), rules: rules, newID: "0123456789abcdef")
        let checksum = try Checksum(searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        for _ in 0..<tracks {
            let slot = try directory.buffer.reserve()
            let frames = Self.trackSeconds * StationAudio.framesPerSecond
            let wav = try WAVWriter(path: slot.stagedFile, format: .station)
            // Nothing that a transfer could squeeze.
            var random = SplitMix64(seed: UInt64(slot.number))
            try wav.append((0..<frames * 2).map { _ in Int16(truncatingIfNeeded: random.next() >> 50) })
            try wav.close()
            let file = try FileDescriptor.open(slot.stagedFile, O_RDONLY)
            let provenance = Provenance(
                backend: "elsewhere", licence: licence, seed: 1, renderSeconds: 1,
                sha256: try checksum.sha256(of: .descriptor(file)))
            let track = PortableTrack(
                slot, frames: frames, title: "Elsewhere \(slot.number)", provenance: provenance, nonCommercial: false)
            try directory.add(track)
            try directory.buffer.commit(slot, frames: frames, title: track.title, provenance: provenance)
        }
        try directory.save()
    }

    func file(_ number: Int) throws -> String {
        let names = try Files.names(in: path + "/audio_buffer")
        let prefix = "chunk_\(String(1000 + number).dropFirst())_"
        guard let name = names.first(where: { $0.hasPrefix(prefix) }) else {
            throw TestToolFailure(tool: "portable source", trouble: "has no track \(number)")
        }
        return "\(path)/audio_buffer/\(name)"
    }

    /// Another byte in the middle of a track's sound.
    func damage(_ number: Int) throws {
        let handle = try FileHandle(forUpdating: URL(filePath: file(number)))
        try handle.seek(toOffset: 100_000)
        let byte = try handle.read(upToCount: 1)?.first ?? 0
        try handle.seek(toOffset: 100_000)
        try handle.write(contentsOf: Data([byte ^ 1]))
        try handle.close()
    }
}

/// A station that is not running, to import into.
struct QuietStation {
    let root: String

    init(root: String, sections: String = PortableSource.sections) throws {
        self.root = root
        try FileManager.default.createDirectory(atPath: root + "/config", withIntermediateDirectories: true)
        try sections.write(toFile: root + "/config/lofisup.toml", atomically: true, encoding: .utf8)
    }

    func buffer() throws -> BufferDirectory {
        let text = try String(contentsOfFile: root + "/config/lofisup.toml", encoding: .utf8)
        return try BufferDirectory(root: root + "/state", rules: BufferRules(StationFileText.parse(text)))
    }

    func titles() throws -> [String] { try buffer().ready(limit: .max).map(\.title) }
}
