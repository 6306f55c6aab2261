import Buffer
import Domain
import Glibc
import Platform
import Testing

struct SizeTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test(.timeLimit(.minutes(3)))
    func `fourteen thousand tracks are opened, polled, appended to and consumed`() throws {
        _ = try scratch.open()
        let first = scratch.buffer + "/chunk_001_prompt_0_0s.wav"
        try writeTrack(first, frames: 1)
        let bytes = try scratch.read(first)
        for number in 2...14_400 {
            let digits = String(number)
            let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
            let prompt = (number - 1) / 5 % 3
            try scratch.write(bytes, to: "\(scratch.buffer)/chunk_\(padded)_prompt_\(prompt)_0s.wav")
        }
        func time<Result>(_ name: String, _ action: () throws -> Result) rethrows -> Result {
            let start = SystemClock().monotonicSeconds
            defer { print("14,400 tracks: \(name): \((SystemClock().monotonicSeconds - start) * 1000) ms") }
            return try action()
        }
        let buffer = try time("rebuild from the files") { try scratch.open() }
        #expect(buffer.openingReport.repairs.count == 14_400)
        #expect(try buffer.track(number: 14_400)?.positionInPrompt == 4)
        let again = try time("open") { try scratch.open() }
        #expect(again.openingReport.isClean)
        try time("append one") { try again.compose(1) }
        #expect(try time("look again after a change") { try buffer.summary().readyTracks } == 14_401)
        try time("consume one") { try again.markConsumed(through: 1, airedAtWallSeconds: 0) }
        _ = try buffer.summary()
        let start = SystemClock().monotonicSeconds
        for _ in 0..<2000 { #expect(try buffer.next(after: 7000)?.number == 7001) }
        for _ in 0..<2000 { _ = try buffer.summary() }
        let polls = SystemClock().monotonicSeconds - start
        print("14,400 tracks: 4000 polls: \(polls * 1000) ms")
        // Parsing once takes over 50 ms: polls that parsed would take minutes.
        #expect(polls < 10)
    }
}
