import Glibc
import Platform
import TestSupport
import Testing

struct JournalTests {
    @Test("an entry is one datagram of fields, one a line; a value of several lines is told by its length")
    func entry() throws {
        try withTemporaryDirectory { directory in
            let journal = try DatagramListener(at: directory + "/journal")
            let writer = try #require(JournalWriter(path: journal.path))
            #expect(writer.send(priority: 4, message: "a = b", fields: [("LOFISUP_WORKER", "feeder"), ("X1", "")]))
            #expect(writer.send(priority: 99, message: "two\nlines"))
            let entries = try journal.received().map(\.text)
            #expect(
                entries == [
                    "MESSAGE=a = b\nPRIORITY=4\nLOFISUP_WORKER=feeder\nX1=\n",
                    "MESSAGE\n\u{9}\0\0\0\0\0\0\0two\nlines\nPRIORITY=7\n",
                ])
        }
    }

    @Test("names the journal would refuse, and forge with, are left out")
    func names() throws {
        try withTemporaryDirectory { directory in
            let journal = try DatagramListener(at: directory + "/journal")
            let writer = try #require(JournalWriter(path: journal.path))
            let long = String(repeating: "N", count: 65)
            let bad = ["", "_PID", "1A", "lower", "A B", "A=B", "A\nB", "Ä", long].map { ($0, "1") }
            #expect(writer.send(priority: 6, message: "m", fields: bad + [("GOOD", "2")]))
            #expect(try journal.received().map(\.text) == ["MESSAGE=m\nPRIORITY=6\nGOOD=2\n"])
            #expect(writer.send(priority: 6, message: "m", fields: (0..<50).map { ("F\($0)", "") }))
            let lines = try journal.received()[0].text.split(separator: "\n")
            #expect(lines.count == 2 + JournalWriter.fieldsMax)
        }
    }

    @Test("a message of any size is cut to its bound, at the end of a character")
    func bound() throws {
        try withTemporaryDirectory { directory in
            let journal = try DatagramListener(at: directory + "/journal")
            let writer = try #require(JournalWriter(path: journal.path))
            let text = "a" + String(repeating: "ä", count: 1 << 20)
            #expect(writer.send(priority: 6, message: text, fields: [("V", text)]))
            let lines = try journal.received()[0].text.split(separator: "\n")
            #expect(lines[0].utf8.count == "MESSAGE=".utf8.count + JournalWriter.messageBytesMax - 1)
            #expect(lines[2].utf8.count == "V=".utf8.count + JournalWriter.valueBytesMax - 1)
            #expect(lines[0].hasPrefix("MESSAGE=aä") && lines[0].hasSuffix("ä"))
        }
    }

    @Test("what a journal that does not read has no room for is dropped, at once")
    func full() throws {
        try withTemporaryDirectory { directory in
            let journal = try DatagramListener(at: directory + "/journal")
            let writer = try #require(JournalWriter(path: journal.path))
            let clock = SystemClock()
            let began = clock.monotonicSeconds
            let sent = (0..<10_000).prefix { _ in writer.send(priority: 6, message: "m") }.count
            #expect(sent > 0 && sent < 10_000)
            #expect(clock.monotonicSeconds - began < 5)
            #expect(try journal.received().count == sent)
            #expect(writer.send(priority: 6, message: "there is room again"))
        }
    }

    @Test("a journal that is not there is none; one that went is a drop; one that came back is found")
    func gone() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/journal"
            #expect(JournalWriter(path: path) == nil)
            #expect(JournalWriter(path: String(repeating: "x", count: 200)) == nil)
            var journal: DatagramListener? = try DatagramListener(at: path)
            let writer = try #require(JournalWriter(path: path))
            withExtendedLifetime(journal) {}
            journal = nil
            #expect(!writer.send(priority: 6, message: "m"))
            unlink(path)
            journal = try DatagramListener(at: path)
            #expect(writer.send(priority: 6, message: "m"))
            #expect(try journal?.received().count == 1)
        }
    }
}
