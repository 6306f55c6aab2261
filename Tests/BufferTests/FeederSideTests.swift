import Buffer
import Domain
import Platform
import Testing

struct FeederSideTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func `tracks come in order of their numbers, whatever order they were committed in`() throws {
        let buffer = try scratch.open()
        let slots = try (0..<3).map { _ in try buffer.reserve() }
        for slot in slots.reversed() { try buffer.fill(slot) }
        #expect(try buffer.next()?.number == 1)
        #expect(try buffer.next(after: 1)?.number == 2)
        #expect(try buffer.next(after: 3) == nil)
        #expect(try buffer.ready(limit: 2).map(\.number) == [1, 2])
    }

    @Test func `a taken track stays ready until it is consumed`() throws {
        let buffer = try scratch.open()
        try buffer.compose(2)
        #expect(try buffer.take()?.number == 1)
        #expect(try scratch.open().take()?.number == 1, "a feeder that comes back finds it")
    }

    @Test func `saying twice that a track aired changes nothing`() throws {
        let buffer = try scratch.open()
        try buffer.compose(3)
        try buffer.markConsumed(through: 2, airedAtWallSeconds: 5)
        let before = try scratch.read(scratch.metadata)
        try buffer.markConsumed(through: 2, airedAtWallSeconds: 9)
        try buffer.markConsumed(through: 1, airedAtWallSeconds: 9)
        #expect(try scratch.read(scratch.metadata) == before)
        #expect(try buffer.numbers() == [3])
        #expect(try buffer.consumedThrough() == 2)
    }

    @Test func `a number that was never given out cannot be consumed`() throws {
        let buffer = try scratch.open()
        try buffer.compose(2)
        #expect(throws: BufferError.unknownNumber(number: 3, highest: 2)) {
            try buffer.markConsumed(through: 3, airedAtWallSeconds: 0)
        }
    }

    @Test func `the last consumed files stay and older ones move to the evergreen library`() throws {
        let buffer = try scratch.open(.make(keepConsumed: 2))
        try buffer.compose(6)
        try buffer.markConsumed(through: 4, airedAtWallSeconds: 0)
        #expect(try scratch.chunks().map { $0.prefix(9) } == ["chunk_003", "chunk_004", "chunk_005", "chunk_006"])
        #expect(try buffer.evergreenSize().tracks == 2)
        #expect(try buffer.track(number: 3)?.title == "Track 3")
        #expect(try buffer.track(number: 2) == nil)
    }

    @Test func `without an evergreen library older files are deleted`() throws {
        let buffer = try scratch.open(.make(keepConsumed: 1, evergreenBytesMax: 0))
        try buffer.compose(4)
        try buffer.markConsumed(through: 4, airedAtWallSeconds: 0)
        #expect(try scratch.chunks() == ["chunk_004_prompt_0_0s.wav"])
        #expect(try Files.names(in: scratch.buffer + "/evergreen").filter { $0.hasSuffix(".wav") } == [])
    }

    @Test func `numbers go on growing after everything was consumed and deleted`() throws {
        let rules = BufferRules.make(keepConsumed: 0, evergreenBytesMax: 0)
        let buffer = try scratch.open(rules)
        try buffer.compose(3)
        try buffer.markConsumed(through: 3, airedAtWallSeconds: 0)
        #expect(try scratch.chunks() == [])
        let slot = try scratch.open(rules).reserve()
        #expect(slot.number == 4 && slot.positionInPrompt == 3)
    }

    @Test func `a clock that jumps ten years back and forth changes nothing`() throws {
        func story(_ name: String, _ jump: (ManualClock, Int) -> Void) throws -> [String] {
            let scratch = try self.scratch.inner(name)
            let clock = ManualClock()
            let buffer = try scratch.open(.make(keepConsumed: 2, evergreenRepeatAfterSeconds: 0.03), clock: clock)
            var told: [String] = []
            for round in 0..<8 {
                jump(clock, round)
                try buffer.compose(2)
                let track = try #require(try buffer.take())
                try buffer.markConsumed(through: track.number, airedAtWallSeconds: clock.wallSeconds)
                let pick = try buffer.nextEvergreen(allowingRepeat: false)
                if let pick { try buffer.markEvergreenAired(pick) }
                let summary = try buffer.summary()
                told.append("\(track.number) \(pick?.file ?? "-") \(summary.hours) \(summary.readyTracks)")
                #expect(try scratch.open(.make(keepConsumed: 2), clock: clock).openingReport.isClean)
            }
            return told
        }
        let tenYears = 10.0 * 365 * 86_400
        let steady = try story("steady") { clock, _ in clock.advance(seconds: 60) }
        let wild = try story("wild") { clock, round in
            clock.jumpWall(toSeconds: 1_800_000_000 + (round.isMultiple(of: 2) ? -tenYears : tenYears))
        }
        #expect(steady == wild)
        #expect(steady.contains { !$0.contains(" - ") })
    }
}

struct EvergreenTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// Five tracks of a tenth of a second, all in the library.
    private func library(_ name: String = "a", span: Double, bytesMax: Int = 1 << 30) throws -> (
        Scratch, BufferDirectory
    ) {
        let scratch = try scratch.inner(name)
        let buffer = try scratch.open(
            .make(keepConsumed: 0, evergreenBytesMax: bytesMax, evergreenRepeatAfterSeconds: span))
        try buffer.compose(5, frames: 4410)
        for number in 1...5 { try buffer.markConsumed(through: number, airedAtWallSeconds: 0) }
        return (scratch, buffer)
    }

    @Test func `what aired longest ago comes first`() throws {
        let (_, buffer) = try library(span: 0)
        var played: [Int] = []
        for _ in 0..<7 {
            let pick = try #require(try buffer.nextEvergreen(allowingRepeat: false))
            played.append(pick.track.number)
            try buffer.markEvergreenAired(pick)
        }
        #expect(played == [1, 2, 3, 4, 5, 1, 2])
    }

    @Test func `nothing airs twice within the repeat span unless asked, and then it is said`() throws {
        // 0.5 s have aired; track 1 aired 0.5 s ago, track 5 0.1 s ago.
        let (_, buffer) = try library(span: 0.45)
        let first = try #require(try buffer.nextEvergreen(allowingRepeat: false))
        #expect(first.track.number == 1 && !first.repeatsWithinSpan)
        try buffer.markEvergreenAired(first)
        try buffer.markEvergreenAired(#require(try buffer.nextEvergreen(allowingRepeat: false)))
        let (_, strict) = try library("b", span: 3600)
        #expect(try strict.nextEvergreen(allowingRepeat: false) == nil)
        let pick = try #require(try strict.nextEvergreen(allowingRepeat: true))
        #expect(pick.repeatsWithinSpan && pick.track.number == 1)
        try strict.noteAired(seconds: 3600)
        #expect(try strict.nextEvergreen(allowingRepeat: false)?.track.number == 1)
    }

    @Test func `the library stays within its bytes and gives up what aired longest ago`() throws {
        let (scratch, buffer) = try library(span: 0, bytesMax: 3 * (4410 * 4 + 44))
        #expect(try buffer.evergreenSize().tracks == 3)
        let files = try Files.names(in: scratch.buffer + "/evergreen").filter { $0.hasSuffix(".wav") }
        #expect(files.map { $0.prefix(9) } == ["chunk_003", "chunk_004", "chunk_005"])
    }

    @Test func `a broken index is set aside and rebuilt from the files`() throws {
        let (scratch, buffer) = try library(span: 0)
        let index = scratch.buffer + "/evergreen/evergreen_index.json"
        try scratch.write("{\"tracks\": [", to: index)
        try scratch.write("no music", to: scratch.buffer + "/evergreen/notes.txt")
        let fresh = try scratch.open(.make(keepConsumed: 0))
        #expect(try fresh.evergreenSize().tracks == 5)
        #expect(fresh.openingReport.foreign == ["evergreen/notes.txt"])
        #expect(fresh.openingReport.words?.contains("evergreen_index.json") == true)
        #expect(try Files.stamp(index + ".broken-1") != nil)
        #expect(try buffer.nextEvergreen(allowingRepeat: true) != nil, "an open Buffer sees the new index")
    }

    @Test func `a file that vanished from the library is passed over`() throws {
        let (scratch, buffer) = try library(span: 0)
        try Files.remove(scratch.buffer + "/evergreen/chunk_001_prompt_0_0s.wav")
        #expect(try buffer.nextEvergreen(allowingRepeat: false)?.track.number == 2)
    }

    @Test func `the library makes room when the disk reserve is short`() throws {
        let (scratch, _) = try library(span: 0)
        let free = try DiskSpace.freeBytes(at: scratch.root)
        // No library of 90 kB can close a gap of a gigabyte, but all it has is given.
        let greedy = try scratch.open(.make(keepConsumed: 0, diskReserveBytes: free + 1 << 30))
        #expect(throws: BufferError.self) { try greedy.reserve() }
        #expect(try greedy.evergreenSize().tracks == 0)
    }
}
