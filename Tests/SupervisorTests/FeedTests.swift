import FoundationEssentials
import IPC
import Platform
import TestSupport
import Testing

@testable import Supervisor

struct FeedTests {
    private func ring(of count: Int, countMax: Int = 1000, bytesMax: Int = 1 << 20) -> Ring {
        var ring = Ring(countMax: countMax, bytesMax: bytesMax)
        for number in 1...count { ring.add(time: 0, worker: nil, kind: "info", text: "line \(number)") }
        return ring
    }

    @Test("a reader that asks on from the last number it knows misses nothing and reads nothing twice")
    func gapFree() throws {
        let ring = ring(of: 250)
        var heard: [Int] = []
        var since = 0
        while let page = ring.page(FeedQuery(since: since, countMax: 100)) {
            #expect(page.lost == 0)
            heard += page.entries.map(\.number)
            since = page.next
        }
        #expect(heard == Array(1...250))
        #expect(since == 250)
    }

    @Test("what was not kept long enough is counted for whoever asks for it")
    func lost() throws {
        let ring = ring(of: 250, countMax: 100)
        let page = try #require(ring.page(FeedQuery(since: 20)))
        #expect(page.lost == 130)
        #expect(page.entries.first?.number == 151)
        let newcomer = try #require(ring.page(FeedQuery(since: 0)))
        #expect(newcomer.lost == 0)
        let newest = try #require(ring.page(FeedQuery(countMax: 3)))
        #expect(newest.entries.map(\.number) == [248, 249, 250])
    }

    @Test("entries are bounded by what they hold, too")
    func bytes() {
        var ring = Ring(countMax: 1000, bytesMax: 10_000)
        for _ in 0..<500 { ring.add(time: 0, worker: nil, kind: "info", text: String(repeating: "x", count: 1000)) }
        #expect(ring.kept.count == 10)
        ring.add(time: 0, worker: nil, kind: "info", text: String(repeating: "x", count: 50_000))
        #expect(ring.kept.count == 1)
    }

    @Test("a reader that knows more than there is starts over: the numbers are another life's")
    func otherLife() throws {
        let page = try #require(ring(of: 5).page(FeedQuery(since: 900)))
        #expect(page.entries.count == 5)
        #expect(page.lost == 0)
    }

    @Test("events are numbered on over a restart, a rotation and a line cut in half")
    func overRestarts() throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/events.jsonl"
            for life in 0..<3 {
                let scribe = Scribe(journal: file)
                var book = EventBook(journal: file, scribe: scribe)
                #expect(book.ring.nextNumber == life * 10 + 1)
                for number in 0..<10 { book.add("test", "event \(number)", worker: "feeder", time: 1) }
                scribe.close(timeoutSeconds: 10)
                if life == 1 {
                    try Files.move(file, to: file + ".1")
                    try AtomicFile.write(Data("{\"number\": 21, \"ti".utf8), to: file)
                }
            }
            // The half line costs the event that follows it in the file, and no more.
            let book = EventBook(journal: file, scribe: Scribe(journal: file))
            #expect(book.ring.nextNumber >= 30)
        }
    }

    @Test("a flood of log lines is let through at a bounded rate, and what was dropped is counted")
    func flood() {
        var limit = LogLimit(now: 0)
        var passed = 0
        for turn in 0..<100 {
            limit.refill(now: Double(turn) / 10)
            for _ in 0..<1000 where limit.passes() { passed += 1 }
            let told = limit.dropsToTell()
            #expect(told == 0, "not while it lasts")
        }
        #expect(passed <= 200 + 10 * 20 + 1)
        limit.refill(now: 100)
        let isQuiet = limit.passes()
        let dropped = limit.dropsToTell()
        #expect(isQuiet)
        #expect(dropped == 100_000 - passed)
    }

    @Test("a log is cut into lines whatever pieces it comes in, and a line without end is cut")
    func lines() throws {
        let pipe = try FileDescriptor.pipe()
        let log = try LogReader(pipe.read, now: 0)
        try pipe.write.write(all: Array("one\ntw".utf8))
        #expect(log.read(now: 0).lines == ["one"])
        try pipe.write.write(all: Array("o\n\nthree\n".utf8))
        #expect(log.read(now: 0).lines == ["two", "three"])
        try pipe.write.write(all: [UInt8](repeating: 0x61, count: 9000))
        #expect(log.read(now: 0).lines.isEmpty)
        try pipe.write.write(all: Array("\nfour\n".utf8))
        let last = log.read(now: 0).lines
        #expect(last.map(\.count) == [4000, 4])
    }
}
