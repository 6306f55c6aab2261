import Buffer
import Domain
import Glibc
import Platform
import Testing

struct RotationTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test(arguments: [(60, 60), (300, 12), (600, 6)])
    func `an hour of a prompt holds 60, 12 or 6 tracks`(trackSeconds: Int, tracks: Int) {
        #expect(BufferRules(trackSeconds: trackSeconds).chunksPerPrompt == tracks)
    }

    @Test func `rules that make no sense are refused by name`() throws {
        #expect(throws: BufferError.rules("a prompt's 3600 s must hold at least one track of 4000 s")) {
            try scratch.open(BufferRules(trackSeconds: 4000))
        }
        #expect(throws: BufferError.self) { try scratch.open(.make(promptCount: 0)) }
        #expect(throws: BufferError.self) { try scratch.open(BufferRules(trackSeconds: 0)) }
    }

    @Test func `each prompt has its tracks and after the last comes the first`() throws {
        let buffer = try scratch.open()
        try buffer.compose(31)
        let tracks = try buffer.ready(limit: 100)
        #expect(tracks.map(\.number) == Array(1...31))
        #expect(tracks.map(\.promptIndex) == (0..<31).map { $0 / 5 % 3 })
        #expect(tracks.map(\.positionInPrompt) == (0..<31).map { $0 % 5 })
    }

    @Test func `files are named by number, prompt and whole seconds`() throws {
        let buffer = try scratch.open()
        try buffer.fill(buffer.reserve(), frames: StationAudio.frames(inSeconds: 2))
        #expect(try scratch.chunks() == ["chunk_001_prompt_0_2s.wav"])
    }

    @Test func `a shorter run ends where the new figure ends and a longer one goes on`() throws {
        try scratch.open().compose(4)
        // Four of prompt 0 are there: over the new figure of 3, so prompt 1 begins.
        try scratch.open(.make(promptSeconds: 3)).compose(2)
        // Two of prompt 1 are there: the new figure is 4, so two more follow.
        let buffer = try scratch.open(.make(promptSeconds: 4))
        try buffer.compose(3)
        #expect(try buffer.ready(limit: 100).map(\.promptIndex) == [0, 0, 0, 0, 1, 1, 1, 1, 2])
    }

    @Test func `when prompts are taken away the rotation begins anew at the first`() throws {
        try scratch.open(.make(promptSeconds: 1, promptCount: 8)).compose(7)
        let buffer = try scratch.open(.make(promptSeconds: 1, promptCount: 3))
        try buffer.compose(4)
        #expect(try buffer.ready(limit: 100).dropFirst(7).map(\.promptIndex) == [0, 1, 2, 0])
    }

    @Test func `numbers go on past 999`() throws {
        _ = try scratch.open()
        try writeTrack(scratch.buffer + "/chunk_998_prompt_2_0s.wav", frames: 441)
        let buffer = try scratch.open()
        try buffer.compose(3)
        #expect(try buffer.numbers() == [998, 999, 1000, 1001])
        #expect(try scratch.chunks().contains("chunk_1001_prompt_2_0s.wav"))
        #expect(try scratch.open().numbers() == [998, 999, 1000, 1001])
        #expect(try buffer.next(after: 999)?.number == 1000)
    }

    @Test func `two generators at once share one exact rotation`() throws {
        _ = try scratch.open()
        let logs = ["a", "b"].map { scratch.root + "/" + $0 }
        let children = try logs.map { try CrashWriterProcess.start([scratch.root, "append", $0]) }
        defer { CrashWriterProcess.end(children) }
        let reader = try scratch.open()
        let deadline = SystemClock().monotonicSeconds + 30
        while try reader.summary().readyTracks < 40, SystemClock().monotonicSeconds < deadline {
            SystemClock().sleep(seconds: 0.002)
        }
        for child in children {
            child.signal(SIGKILL)
            #expect(child.wait(timeoutSeconds: 10) != nil)
        }
        let tracks = try scratch.open().ready(limit: .max)
        #expect(tracks.count >= 40)
        for track in tracks {
            #expect(track.promptIndex == (track.number - 1) / 5 % 3 && track.positionInPrompt == (track.number - 1) % 5)
        }
        for log in logs { #expect(try !scratch.read(log).isEmpty, "both must have had their turns") }
    }
}
