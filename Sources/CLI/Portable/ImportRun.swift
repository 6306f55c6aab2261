internal import Backends
internal import Buffer
internal import Config
internal import Domain
internal import Foundation
internal import Platform

/// One import, from the source's list to the Buffer.
struct ImportRun {
    let source: ImportSource
    let rsync: Rsync
    let checksum: Checksum
    let buffer: BufferDirectory
    let config: StationConfig
    let cancellation: Cancellation
    let show: (Double, String) -> Void

    private static let hashSecondsMax = 600.0

    /// - Throws: `ImportError`, `BufferError`, `ToolError`.
    func run() throws -> ImportReport {
        var known = try buffer.knownChecksums()
        guard let lock = try FileLock.attempt(buffer.importDirectory + "/import.lock") else {
            throw ImportError.underWay
        }
        defer { withExtendedLifetime(lock) {} }
        let manifest = try fetchManifest()
        let prompts = try promptsHere(of: manifest)
        var report = ImportReport(source: source.description, listed: manifest.tracks.count, known: 0)
        var wanted: [PortableTrack] = []
        for track in manifest.tracks {
            if !known.insert(track.sha256).inserted {
                report.known += 1
            } else if config.station.monetised, Licences.forbidsMoney(track) {
                let licence = track.provenance.licence ?? "non-commercial"
                report.refused.append(
                    .init(file: track.file, reason: "\(licence), and this station is monetised ([station] monetised)"))
            } else {
                wanted.append(track)
            }
        }
        guard !wanted.isEmpty else { return report }
        let staging = "\(buffer.importDirectory)/\(manifest.id)"
        try Files.makeDirectory(staging)
        try requireRoom(for: wanted, staged: staging)
        try fetch(wanted, into: staging)
        let tracks = try verify(wanted, in: staging, prompts: prompts, &report)
        report.add(try buffer.takeIn(tracks))
        report.takenHours = tracks.reduce(0) { $0 + StationAudio.seconds(ofFrames: $1.frames) } / 3600
        report.bytes = tracks.reduce(0) { $0 + $1.frames * StationAudio.bytesPerFrame + 44 }
        if report.missing.isEmpty { try Files.removeTree(staging) }
        return report
    }

    private func fetchManifest() throws -> PortableManifest {
        let directory = buffer.importDirectory + "/list"
        let file = "\(directory)/\(PortableManifest.fileName)"
        try Files.removeTree(directory)
        try Files.makeDirectory(directory)
        show(0, "asking \(source.description)")
        try rsync.fetch(
            [PortableManifest.fileName], of: "", into: directory, bytesMax: PortableManifest.bytesMax,
            cancellation: cancellation)
        guard let bytes = try Files.read(file, bytesMax: PortableManifest.bytesMax) else {
            throw ImportError.noManifest(source.description)
        }
        guard let manifest = try? StationJSON.decode(PortableManifest.self, from: Data(bytes)) else {
            throw ImportError.badManifest(source.description, why: "not what lofisup bootstrap writes")
        }
        if let flaw = manifest.flaw { throw ImportError.badManifest(source.description, why: flaw) }
        if let difference = manifest.settings.difference(from: PortableSettings(config)) {
            throw ImportError.otherSettings(source.description, difference: difference)
        }
        return manifest
    }

    /// For each prompt of the source its place here: by its text, or else by its name.
    private func promptsHere(of manifest: PortableManifest) throws(ImportError) -> [Int: Int] {
        var places: [Int: Int] = [:]
        let used = Set(manifest.tracks.map(\.promptIndex))
        for prompt in manifest.settings.prompts where used.contains(prompt.index) {
            let same = config.prompts.first { $0 == prompt } ?? config.prompts.first { $0.text == prompt.text }
            guard let here = same ?? config.prompts.first(where: { $0.name == prompt.name }) else {
                throw .noSuchPrompt(source.description, name: prompt.name)
            }
            places[prompt.index] = here.index
        }
        return places
    }

    private func requireRoom(for wanted: [PortableTrack], staged: String) throws {
        let missing = try wanted.reduce(0) { sum, track in
            try sum + (Files.stamp("\(staged)/\(track.file)") == nil ? track.bytes : 0)
        }
        do throws(BufferError) {
            try buffer.requireRoom(forBytes: missing)
        } catch {
            guard case .waitingForDiskSpace = error else { throw error }
            throw ImportError.noRoom("no room for \(missing / 1_000_000) MB: \(error)")
        }
    }

    private func fetch(_ wanted: [PortableTrack], into staging: String) throws(ImportError) {
        let largest = wanted.map(\.bytes).max() ?? 0
        try rsync.fetch(
            wanted.map(\.file), of: "audio_buffer", into: staging, bytesMax: largest, cancellation: cancellation
        ) { show($0, "fetching \(wanted.count) tracks") }
    }

    /// Looks into every file that came; a bad one goes to the Buffer's refused files with its reason.
    private func verify(
        _ wanted: [PortableTrack], in staging: String, prompts: [Int: Int], _ report: inout ImportReport
    ) throws -> [IncomingTrack] {
        var good: [IncomingTrack] = []
        for (place, track) in wanted.enumerated() {
            if cancellation.isCancelled { throw ImportError.interrupted }
            show(Double(place) / Double(wanted.count), "checking \(track.file)")
            let file = "\(staging)/\(track.file)"
            guard try Files.stamp(file)?.kind == .regular else {
                report.missing.append(track.file)
                continue
            }
            if let flaw = try flaw(file, track) {
                try buffer.refuse(file, reason: "from \(source.description): \(flaw)")
                report.refused.append(.init(file: track.file, reason: flaw))
                continue
            }
            try Files.sync(file)
            good.append(
                IncomingTrack(
                    file: file, sha256: track.sha256, frames: track.frames,
                    turn: track.number - track.positionInPrompt, promptIndex: prompts[track.promptIndex] ?? 0,
                    title: track.title, provenance: track.provenance))
        }
        return good
    }

    private func flaw(_ file: String, _ track: PortableTrack) throws -> String? {
        do throws(WAVError) {
            let frames = try WAVReader(path: file, format: .station).frames
            if frames != track.frames { return "\(frames) frames in it, \(track.frames) in the list" }
        } catch {
            return error.description
        }
        let descriptor = try FileDescriptor.open(file, O_RDONLY)
        let found = try checksum.sha256(
            of: .descriptor(descriptor), secondsMax: Self.hashSecondsMax, isCancelled: { cancellation.isCancelled })
        return found == track.sha256 ? nil : "its bytes are not those that were made: SHA-256 \(found.prefix(12))…"
    }
}

/// What a licence allows, as far as its name says so.
enum Licences {
    static func forbidsMoney(_ track: PortableTrack) -> Bool {
        if track.nonCommercial { return true }
        let words = (track.provenance.licence ?? "").uppercased().split { !$0.isLetter && !$0.isNumber }
        return words.contains("NC") || words.contains("NONCOMMERCIAL")
    }
}

extension PortableSettings {
    init(_ config: StationConfig) {
        self.init(
            trackSeconds: Int(config.generator.trackSeconds), promptSeconds: Int(config.generator.promptSeconds),
            loudnessLufs: config.generator.loudnessLufs, truePeakDbtp: config.generator.truePeakDbtp,
            prompts: config.prompts)
    }
}
