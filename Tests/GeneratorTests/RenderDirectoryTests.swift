import Platform
import TestSupport
import Testing

@testable import Generator

struct RenderDirectoryTests {
    @Test("each living generator has a place of its own, and what a dead one left in its place is gone")
    func places() throws {
        try withTemporaryDirectory { root in
            var first: RenderDirectory? = try RenderDirectory(under: root + "/rendering")
            let second = try RenderDirectory(under: root + "/rendering")
            let left = try #require(first).batch("41")
            #expect(left == root + "/rendering/1/41" && second.path == root + "/rendering/2")
            _ = try FileDescriptor.open(left + "/half.wav", 0o101)
            // The lock goes with its holder, as it does when the kernel ends him.
            first = nil
            let third = try RenderDirectory(under: root + "/rendering")
            #expect(third.path == root + "/rendering/1")
            #expect(try Files.names(in: third.path).isEmpty)
        }
    }

    @Test("time in which nobody ticked is not counted as time awake")
    func awake() {
        let clock = ManualClock()
        let time = AwakeTime(clock: clock, pauseSecondsMax: 2)
        for _ in 0..<5 {
            clock.advance(seconds: 1)
            time.tick()
        }
        #expect(time.seconds == 5)
        clock.advance(seconds: 600)
        #expect(time.seconds == 7)
    }
}
