import Buffer
import Domain
import FoundationEssentials
import Glibc
import Platform
import Testing

struct ReconciliationTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// Three tracks, the first of them consumed.
    private func shelf() throws -> Scratch {
        let buffer = try scratch.open()
        try buffer.compose(3)
        try buffer.markConsumed(through: 1, airedAtWallSeconds: 0)
        return scratch
    }

    @Test func `a healthy buffer is opened without a repair and without a write`() throws {
        let scratch = try shelf()
        let before = try Files.stamp(scratch.metadata)
        let buffer = try scratch.open()
        #expect(buffer.openingReport == ReconcileReport())
        #expect(try Files.stamp(scratch.metadata) == before)
    }

    @Test func `metadata cut off at any byte is set aside and rebuilt, and nothing is lost or heard again`() throws {
        let scratch = try shelf()
        let whole = try scratch.read(scratch.metadata)
        let titles = try scratch.open().ready(limit: 9).map(\.title)
        for length in 0..<whole.count {
            try scratch.write(Array(whole[..<length]), to: scratch.metadata)
            let buffer = try scratch.open()
            try #require(try buffer.numbers() == [2, 3], "cut off at \(length)")
            try #require(try buffer.track(number: 1) != nil)
            try #require(try buffer.ready(limit: 9).map(\.positionInPrompt) == [1, 2])
            try #require(try buffer.ready(limit: 9).map(\.title) == titles, "cut off at \(length)")
            guard case .rebuilt(let file, let aside, _) = buffer.openingReport.repairs.first else {
                Issue.record("cut off at \(length): \(buffer.openingReport)")
                return
            }
            #expect(file == "buffer_metadata.json" && aside == "buffer_metadata.json.broken-\(length + 1)")
        }
        #expect(try Files.names(in: scratch.buffer).filter { $0.contains(".broken-") }.count == 10)
        #expect(try scratch.open().reserve().number == 4)
    }

    @Test func `marks cut off at any byte are set aside and nothing is heard again`() throws {
        let scratch = try shelf()
        let marks = scratch.buffer + "/buffer_marks.json"
        let whole = try scratch.read(marks)
        for length in stride(from: 0, to: whole.count, by: 3) {
            try scratch.write(Array(whole[..<length]), to: marks)
            let buffer = try scratch.open()
            try #require(try buffer.numbers() == [2, 3], "cut off at \(length)")
            try #require(try buffer.consumedThrough() == 1)
        }
        #expect(try scratch.open().reserve().number == 4)
    }

    @Test func `with every record gone the files alone give numbers, prompts and lengths back`() throws {
        try scratch.open().compose(7)
        for name in try Files.names(in: scratch.buffer) where name.contains(".json") {
            try Files.remove(scratch.buffer + "/" + name)
        }
        let buffer = try scratch.open()
        #expect(buffer.openingReport.repairs.first == .missing(file: "buffer_metadata.json"))
        let tracks = try buffer.ready(limit: 9)
        #expect(tracks.map(\.promptIndex) == [0, 0, 0, 0, 0, 1, 1])
        #expect(tracks.map(\.positionInPrompt) == [0, 1, 2, 3, 4, 0, 1])
        #expect(tracks.allSatisfy { $0.frames == 441 })
        let slot = try buffer.reserve()
        #expect(slot.number == 8 && slot.promptIndex == 1 && slot.positionInPrompt == 2)
    }

    @Test(arguments: [
        ("\"number\" : 2", "\"number\" : 3", "twice or misnamed"), ("\"number\" : 2", "\"number\" : -2", "negative"),
        ("\"number\" : 2", "\"number\" : \"two\"", "wrong type"), ("\"frames\" : 441", "\"frames\" : -1", "negative"),
        ("\"frames\" : 441", "\"frames\" : 9223372036854775807", "absurd"),
        ("\"state\" : \"ready\"", "\"state\" : \"aired\"", "unknown state"),
        ("\"version\" : 1", "\"version\" : 2", "version"), ("\"tracks\" :", "\"trucks\" :", "no tracks"),
    ])
    func `hand-edited metadata that makes no sense is set aside`(from: String, to: String, why: String) throws {
        let scratch = try shelf()
        let text = String(decoding: try scratch.read(scratch.metadata), as: UTF8.self)
        try scratch.write(text.replacing(from, with: to), to: scratch.metadata)
        let buffer = try scratch.open()
        #expect(try buffer.numbers() == [2, 3], "\(why)")
        #expect(buffer.openingReport.words?.contains("buffer_metadata.json could not be used") == true)
        #expect(try Files.stamp(scratch.metadata + ".broken-1") != nil)
    }

    @Test func `an open buffer notices that its metadata was broken under it`() throws {
        let scratch = try shelf()
        let buffer = try scratch.open()
        try scratch.write("[]", to: scratch.metadata)
        #expect(try buffer.next()?.number == 2)
        try Files.remove(scratch.metadata)
        #expect(try buffer.next()?.number == 2)
        #expect(try buffer.summary().notice?.contains("buffer_metadata.json") == true)
    }

    @Test func `files without an entry are checked and taken in, entries without a file are dropped`() throws {
        let scratch = try shelf()
        try Files.remove(scratch.buffer + "/chunk_002_prompt_0_0s.wav")
        try writeTrack(scratch.buffer + "/chunk_009_prompt_1_0s.wav", frames: 500)
        let buffer = try scratch.open()
        #expect(
            buffer.openingReport.repairs == [
                .entryDropped(file: "chunk_002_prompt_0_0s.wav"), .adopted(file: "chunk_009_prompt_1_0s.wav"),
            ])
        #expect(try buffer.numbers() == [3, 9])
        #expect(try buffer.track(number: 9)?.frames == 500)
        #expect(try buffer.reserve().number == 10)
        #expect(try scratch.open().openingReport.isClean)
    }

    @Test func `truncated and alien wavs go to refused with their reasons`() throws {
        let scratch = try shelf()
        let whole = try scratch.read(scratch.buffer + "/chunk_003_prompt_0_0s.wav")
        try scratch.write(Array(whole.dropLast(100)), to: scratch.buffer + "/chunk_003_prompt_0_0s.wav")
        try scratch.write("not music", to: scratch.buffer + "/chunk_004_prompt_0_0s.wav")
        var mono = whole
        mono[22] = 1
        try scratch.write(mono, to: scratch.buffer + "/chunk_005_prompt_1_0s.wav")
        let buffer = try scratch.open()
        #expect(try buffer.numbers() == [2])
        #expect(try buffer.refusedCount() == 3)
        let words = buffer.openingReport.repairs.map(\.description).joined(separator: "\n")
        #expect(words.contains("the header promises 1764 bytes of sound, the file holds 1664"))
        #expect(words.contains("no RIFF/WAVE header"))
        #expect(words.contains("1 channels, 44100 Hz, wanted PCM of 16 bits, 2 channels"))
    }

    @Test func `foreign files, links and directories are named and left alone`() throws {
        let scratch = try shelf()
        let strange = [
            "chunk_0004_prompt_0_1s.wav", "chunk_4_prompt_0_1s.wav", "notes.txt", "chunk_-01_prompt_0_1s.wav",
        ]
        for name in strange { try scratch.write("hello", to: scratch.buffer + "/" + name) }
        try Files.makeDirectory(scratch.buffer + "/chunk_006_prompt_0_1s.wav")
        symlink("/etc/passwd", scratch.buffer + "/chunk_007_prompt_0_1s.wav")
        // A second file for a number that is taken.
        try writeTrack(scratch.buffer + "/chunk_002_prompt_1_0s.wav", frames: 441)
        let buffer = try scratch.open()
        let named = strange + ["chunk_006_prompt_0_1s.wav", "chunk_007_prompt_0_1s.wav", "chunk_002_prompt_1_0s.wav"]
        #expect(Set(buffer.openingReport.foreign) == Set(named))
        #expect(buffer.openingReport.isClean)
        #expect(try buffer.numbers() == [2, 3])
        for name in named { #expect(try Files.stamp(scratch.buffer + "/" + name) != nil) }
    }

    @Test func `a dead writer's temporary file is removed and a live writer's is not`() throws {
        let scratch = try shelf()
        let dead = scratch.buffer + "/.buffer_metadata.json.12345.0.tmp"
        let live = scratch.buffer + "/.buffer_metadata.json.1.0.tmp"
        try scratch.write("half", to: dead)
        let lock = try FileLock.attempt(live)
        #expect(lock != nil)
        let buffer = try scratch.open()
        #expect(buffer.openingReport.repairs == [.temporaryRemoved(file: ".buffer_metadata.json.12345.0.tmp")])
        #expect(try Files.stamp(live) != nil)
        withExtendedLifetime(lock) {}
    }

    @Test func `a wav renamed into place by a generator that died is not composed a second time`() throws {
        let scratch = try shelf()
        let buffer = try scratch.open()
        var slot: Reservation? = try buffer.reserve()
        try writeTrack(scratch.buffer + "/chunk_004_prompt_0_0s.wav", frames: 441)
        #expect(slot?.number == 4)
        slot = nil
        #expect(try buffer.reserve().number == 5)
        #expect(try buffer.numbers() == [2, 3, 4])
    }

    @Test func `another process in the middle of a change is waited for, but not for ever`() throws {
        let scratch = try shelf()
        var rules = BufferRules.make()
        rules.lockWaitSeconds = 0.05
        let buffer = try scratch.open(rules)
        let stopped = try FileLock.attempt(scratch.buffer + "/buffer.lock")
        #expect(throws: BufferError.busy(lock: scratch.buffer + "/buffer.lock", waitedSeconds: 0.05)) {
            try buffer.markConsumed(through: 2, airedAtWallSeconds: 0)
        }
        #expect(try buffer.next()?.number == 2, "readers do not wait")
        withExtendedLifetime(stopped) {}
    }
}
