import Domain
import FoundationEssentials
import Glibc
import Platform
import Testing

@testable import Buffer

/// Three prompts of five tracks each, as in `BufferRules.make`.
struct ImportTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func `an empty buffer takes a source in as it is`() throws {
        let buffer = try scratch.open()
        let outcome = try buffer.takeIn(stage(1...17, into: buffer))
        #expect(
            outcome
                == ImportOutcome(
                    tracks: 17, firstNumber: 1, lastNumber: 17, turns: 4, partialTurns: 1, slotsLeftOpen: 0))
        let ready = try buffer.ready(limit: 100)
        #expect(ready.map(\.number) == Array(1...17))
        #expect(ready.map(\.promptIndex) == (0..<17).map { $0 / 5 % 3 })
        #expect(ready.map(\.positionInPrompt) == (0..<17).map { $0 % 5 })
        #expect(ready.map(\.title) == (1...17).map { "Import \($0)" })
        #expect(ready.allSatisfy { $0.provenance?.sha256 == digest(Int($0.title.dropFirst(7)) ?? 0) })
        #expect(try scratch.open().openingReport.isClean)
        // The generators go on with the turn that was not whole.
        #expect(try buffer.reserve().positionInPrompt == 2)
    }

    @Test func `the turn under way keeps its slots and the rotation goes on from it`() throws {
        let buffer = try scratch.open()
        try buffer.compose(7)
        // The station stands in prompt 1; prompt 2 is next.
        let outcome = try buffer.takeIn(stage(1...15, into: buffer))
        #expect(outcome.slotsLeftOpen == 3 && outcome.firstNumber == 11)
        #expect(try buffer.ready(limit: 100).map(\.number) == Array(1...7) + Array(11...25))
        let taken = try buffer.ready(limit: 100).dropFirst(7)
        #expect(taken.map(\.promptIndex) == [2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
        #expect(taken.first?.title == "Import 11")
        // The generators fill what was left open first, then come after everything.
        let slots = try (0..<4).map { _ in try buffer.reserve() }
        #expect(slots.map(\.number) == [8, 9, 10, 26])
        #expect(slots.map(\.promptIndex) == [1, 1, 1, 2])
        #expect(slots.map(\.positionInPrompt) == [2, 3, 4, 0])
    }

    @Test func `a slot that a generator holds stays its own`() throws {
        let buffer = try scratch.open()
        try buffer.compose(2)
        let held = try buffer.reserve()
        _ = try buffer.takeIn(stage(1...5, into: buffer))
        #expect(try buffer.reserve().number == 4)
        try buffer.fill(held)
        #expect(try buffer.numbers() == [1, 2, 3, 6, 7, 8, 9, 10])
    }

    @Test func `turns that are not whole close up and come last, in the rotation's order`() throws {
        let buffer = try scratch.open()
        // Turns of prompts 0, 1, 2, 0 of which the first lacks its third track and the last its last two.
        let tracks = try stage(1...18, into: buffer).filter { $0.title != "Import 3" }
        let outcome = try buffer.takeIn(tracks)
        #expect(outcome.partialTurns == 2 && outcome.turns == 4)
        let ready = try buffer.ready(limit: 100)
        #expect(ready.map(\.promptIndex) == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0])
        #expect(ready.map(\.positionInPrompt).suffix(7) == [0, 1, 2, 3, 0, 1, 2])
        #expect(ready.suffix(7).map(\.title) == [1, 2, 4, 5, 16, 17, 18].map { "Import \($0)" })
    }

    @Test func `what was taken in once is not taken in again, even after it has aired and is gone`() throws {
        let rules = BufferRules.make(keepConsumed: 0, evergreenBytesMax: 0)
        let buffer = try scratch.open(rules)
        _ = try buffer.takeIn(stage(1...5, into: buffer))
        try buffer.markConsumed(through: 5, airedAtWallSeconds: 0)
        #expect(try scratch.chunks().isEmpty)
        #expect(try buffer.knownChecksums() == Set((1...5).map(digest)))
        let again = try scratch.open(rules).takeIn(stage(1...6, into: buffer))
        #expect(again.tracks == 1 && again.firstNumber == 6)
    }

    @Test func `a lost or broken memory still knows what is on the buffer`() throws {
        let buffer = try scratch.open()
        _ = try buffer.takeIn(stage(1...5, into: buffer))
        let memory = buffer.importDirectory + "/imported.json"
        try scratch.write("{ no", to: memory)
        #expect(try buffer.knownChecksums() == Set((1...5).map(digest)))
        #expect(try Files.names(in: buffer.importDirectory).contains("imported.json.broken-1"))
        #expect(try buffer.takeIn(stage(1...5, into: buffer)).tracks == 0)
    }

    @Test func `a file that is no track, or not as long as was said, changes nothing`() throws {
        let buffer = try scratch.open()
        var tracks = try stage(1...3, into: buffer)
        tracks[1].frames = 440
        #expect(throws: BufferError.self) { try buffer.takeIn(tracks) }
        tracks[1].frames = 441
        try scratch.write("no sound", to: tracks[2].file)
        #expect(throws: BufferError.self) { try buffer.takeIn(tracks) }
        #expect(try buffer.numbers().isEmpty)
        #expect(try buffer.reserve().number == 1)
    }

    @Test func `an import cut off between moving and recording is finished with all that is known`() throws {
        let buffer = try scratch.open()
        let tracks = try stage(1...10, into: buffer)
        _ = try buffer.takeIn(tracks)
        let before = try buffer.ready(limit: 100)
        // As a kill would leave it: the plan is there, four files were moved, no record was written.
        let plan = ImportPlan(
            items: before.enumerated().map { place, track in
                ImportPlan.Item(
                    staged: "source/\(place + 1)", sha256: digest(place + 1),
                    entry: TrackEntry(
                        number: track.number, file: Files.name(of: track.path), promptIndex: track.promptIndex,
                        positionInPrompt: track.positionInPrompt, seconds: 0.01, frames: 441, state: .ready,
                        title: track.title, provenance: track.provenance, createdAt: 1))
            })
        for track in before.dropFirst(4) { try Files.move(track.path, to: tracks[track.number - 1].file) }
        try Files.remove(buffer.importDirectory + "/imported.json")
        for name in try Files.names(in: scratch.buffer) where name.hasPrefix("buffer_metadata") {
            try Files.remove("\(scratch.buffer)/\(name)")
        }
        _ = try RecordFile<ImportPlan>(buffer.importDirectory + "/plan.json").save(plan, generation: 1)
        let reopened = try scratch.open()
        #expect(try reopened.ready(limit: 100).map(\.title) == (1...4).map { "Chunk 00\($0)" })
        #expect(try reopened.knownChecksums() == Set((1...4).map(digest)))
        #expect(try reopened.ready(limit: 100).map(\.title) == (1...4).map { "Import \($0)" })
        #expect(try reopened.ready(limit: 100).allSatisfy { $0.provenance != nil })
        #expect(try reopened.takeIn(tracks.suffix(6)).tracks == 6)
        #expect(Set(try reopened.ready(limit: 100).map(\.title)) == Set((1...10).map { "Import \($0)" }))
    }

    @Test(.timeLimit(.minutes(3))) func `an import killed at any moment of it loses nothing and doubles nothing`()
        throws
    {
        let log = scratch.root + "/log"
        for _ in 0..<3 {
            try #require(
                CrashWriterProcess.start([scratch.root, "import-once", log]).wait(timeoutSeconds: 10) == .code(0))
        }
        let longest = try #require(
            String(decoding: scratch.read(log), as: UTF8.self).split(separator: "\n")
                .compactMap { $0.hasPrefix("took ") ? Int($0.dropFirst(5)) : nil }.max())
        var killed = 0
        for step in 0..<80 {
            let child = try CrashWriterProcess.start(
                [scratch.root, "import-once", log, String(longest * step / 60)])
            if try #require(child.wait(timeoutSeconds: 10)) == .signal(SIGKILL) { killed += 1 }
            // The others that use the buffer find it whole.
            try #require(try scratch.open(.make(keepConsumed: 4)).openingReport.foreign.isEmpty)
        }
        #expect(killed > 20, "the kills must fall into the import: \(killed) within \(longest) us")
        // The last one finishes.
        try #require(CrashWriterProcess.start([scratch.root, "import-once", log]).wait(timeoutSeconds: 10) == .code(0))
        let buffer = try scratch.open(.make(keepConsumed: 4))
        let staged = Set(
            String(decoding: try scratch.read(log), as: UTF8.self).split(separator: "\n")
                .filter { $0.hasPrefix("staged ") }.map { String($0.dropFirst(7)) })
        let ready = try buffer.ready(limit: .max)
        let found = ready.compactMap { $0.provenance?.sha256 }
        #expect(found.count == ready.count, "each with its provenance")
        #expect(Set(found) == staged && found.count == staged.count, "\(found.count) of \(staged.count)")
        #expect(ready.map(\.number) == ready.map(\.number).sorted())
        #expect(try Files.names(in: buffer.importDirectory + "/test").isEmpty)
        print("import: \(killed) of 80 killed within \(longest) us, \(found.count) tracks")
    }

    @Test func `room is asked for before anything is fetched`() throws {
        let buffer = try scratch.open(.make(diskReserveBytes: 1 << 60))
        #expect(throws: BufferError.self) { try buffer.requireRoom(forBytes: 1) }
        try buffer.requireRoom(forBytes: 0)
        try scratch.open().requireRoom(forBytes: 1 << 20)
        #expect(throws: BufferError.self) { try scratch.open().requireRoom(forBytes: 1 << 60) }
    }

    @Test func `a manifest that names files of others is refused`() {
        func flaw(_ change: (inout PortableManifest) -> Void) -> String? {
            var manifest = PortableManifest.make()
            change(&manifest)
            return manifest.flaw
        }
        #expect(flaw { _ in } == nil)
        #expect(flaw { $0.tracks[0].file = "../../etc/passwd" }?.contains("not its file's name") == true)
        #expect(flaw { $0.tracks[0].file = "chunk_001_prompt_0_1s.wav/.." } != nil)
        #expect(flaw { $0.tracks[0].sha256 = String(repeating: "G", count: 64) } == "track 1: a checksum that is none")
        #expect(flaw { $0.tracks.append($0.tracks[0]) }?.contains("twice") == true)
        #expect(flaw { $0.id = "../../x" } == "an id that is none")
        #expect(flaw { $0.settings.prompts = [] } != nil)
        #expect(flaw { $0.tracks[0].promptIndex = 7 } != nil)
        #expect(flaw { $0.version = 2 }?.contains("version 2") == true)
    }

    /// Tracks as a source of three prompts with five tracks each has them, staged.
    private func stage(_ numbers: ClosedRange<Int>, into buffer: BufferDirectory) throws -> [IncomingTrack] {
        try Files.makeDirectory(buffer.importDirectory)
        try Files.makeDirectory(buffer.importDirectory + "/source")
        return try numbers.map { number in
            let file = buffer.importDirectory + "/source/\(number)"
            try writeTrack(file, frames: 441, value: Int16(number))
            return IncomingTrack(
                file: file, sha256: digest(number), frames: 441, turn: (number - 1) / 5 * 5 + 1,
                promptIndex: (number - 1) / 5 % 3, title: "Import \(number)", provenance: .make())
        }
    }

    private func digest(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "a", count: 64 - digits.count) + digits
    }
}

extension PortableManifest {
    static func make() -> PortableManifest {
        PortableManifest(
            id: "0123456789abcdef",
            settings: PortableSettings(
                trackSeconds: 1, promptSeconds: 5, loudnessLufs: -16, truePeakDbtp: -1.5,
                prompts: [Prompt(index: 0, name: "Rain", text: "rain on tin")]),
            tracks: [
                PortableTrack(
                    number: 1, promptIndex: 0, positionInPrompt: 0, file: "chunk_001_prompt_0_1s.wav", frames: 44_100,
                    sha256: String(repeating: "a", count: 64), title: "Rain", provenance: .make(), nonCommercial: false)
            ])
    }
}

extension Files {
    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
