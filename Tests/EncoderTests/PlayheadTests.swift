import Domain
import FoundationEssentials
import IPC
import TestSupport
import Testing

@testable import Encoder

struct PlayheadTests {
    private func marks(_ beginnings: Int...) -> [FeedMark] {
        beginnings.map { at in
            FeedMark(
                at: at,
                item: FeedItem(
                    source: .buffer, file: "x.wav", frames: 100, title: "\(at)", joint: .start, jointFrames: 0))
        }
    }

    private func withFile(_ body: (String) throws -> Void) throws {
        try withTemporaryDirectory { try body($0 + "/playhead.json") }
    }

    @Test("a new station has none; what was saved comes back, without what had not begun")
    func roundTrip() throws {
        try withFile { file in
            #expect(try Playhead(path: file).load() == nil)
            try Playhead(path: file).save(frame: 1500, marks: marks(1000, 2000))
            let loaded = try #require(try Playhead(path: file).load())
            #expect(loaded.frame == 1500)
            #expect(loaded.marks == marks(1000))
        }
    }

    @Test("a position that is late does not take the station back")
    func neverBack() throws {
        try withFile { file in
            let playhead = try Playhead(path: file)
            playhead.save(frame: 1500, marks: marks(1000))
            playhead.save(frame: 1400, marks: marks(1000))
            #expect(try Playhead(path: file).load()?.frame == 1500)
        }
    }

    @Test(
        "a position that is older than the marks, or gone, or torn, gives way to the oldest mark",
        arguments: ["00000000000000000007", "", "00000"])
    func position(text: String) throws {
        try withFile { file in
            try Playhead(path: file).save(frame: 2500, marks: marks(2000))
            try Data(text.utf8).write(to: URL(filePath: file + ".position"))
            let loaded = try #require(try Playhead(path: file).load())
            #expect(loaded.frame == 2000)
            #expect(loaded.marks == marks(2000))
        }
    }

    @Test("marks that could not be written are tried again")
    func retry() throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/state/playhead.json"
            try FileManager.default.createDirectory(atPath: directory + "/state", withIntermediateDirectories: true)
            let playhead = try Playhead(path: file)
            try FileManager.default.moveItem(atPath: directory + "/state", toPath: directory + "/elsewhere")
            playhead.save(frame: 10, marks: marks(0))
            try FileManager.default.moveItem(atPath: directory + "/elsewhere", toPath: directory + "/state")
            playhead.save(frame: 20, marks: marks(0))
            #expect(try Playhead(path: file).load()?.frame == 20)
        }
    }
}
