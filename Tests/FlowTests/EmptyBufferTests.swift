import Domain
import Platform
import TestSupport
import Testing

/// What a station does when nothing is left to play, under either policy.
@Suite(
    .serialized, .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct EmptyBufferTests {
    /// Two stations side by side, because both have long waits: the one that plays on is tried while the other is
    /// off the air.
    @Test("with `fallback` it plays on, with `shutdown` it leaves the air cleanly; both go on when there is music")
    func bothPolicies() throws {
        try withTemporaryDirectory { quietRoot in
            try withTemporaryDirectory { root in
                try withRTMPServer { server in
                    let quiet = NumberedBuffer(root: quietRoot, trackSeconds: 8, promptSeconds: 80)
                    let first = try quiet.append(tracks: 1)
                    try StationUnderTest.run(
                        root: quietRoot, config: Self.config(quiet, "shutdown", [("far-end", server.url(key: "q"))]),
                        arguments: ["--mode", "feeder-only"]
                    ) { station in
                        try server.waitForMedia(key: "q", after: 0, withinSeconds: 30)
                        let leftAt = try waitForLeaving(station, server)
                        try playOn(root: root)
                        try comeBack(station, server, quiet, leftAt: leftAt, from: first.upperBound)
                        #expect(station.stop() == .code(0))
                    }
                    let heard = try Recording.all(server, key: "q", scratch: quietRoot)
                    for recording in heard { print(recording.report) }
                    try #require(heard.count == 2)
                    // All but the very end of the fade-out, which is too quiet to tell.
                    #expect(try #require(heard[0].lastIndex) > first.upperBound - StationAudio.framesPerSecond / 2)
                    #expect(heard[0].report.isUnbroken)
                    let again = try #require(heard[1].firstIndex)
                    #expect(abs(again - first.upperBound) < 4096, "the old sound was sent again:\n\(heard[1].report)")
                    #expect(heard[1].report.isUnbroken)
                }
            }
        }
    }

    private static func config(
        _ buffer: NumberedBuffer, _ policy: String, _ destinations: [(name: String, url: String)] = []
    ) -> StationFile {
        StationFile(
            sections: buffer.sections + """

                [buffer]
                when_depleted = "\(policy)"
                emergency_hours = 0
                hysteresis_hours = 0
                [evergreen]
                repeat_after_hours = 0
                [dashboard]
                enabled = false
                """, encoder: "cushion_seconds = 10", destinations: destinations)
    }

    private func waitForLeaving(_ station: StationUnderTest, _ server: RTMPServer) throws -> Double {
        try eventually(within: 30, "the stream ends after its only track", pollSeconds: 0.1) {
            try !station.status().onAir
        }
        try eventually(within: 8, "the server is told that the stream has ended", pollSeconds: 0.1) {
            !server.isPublishing(key: "q")
        }
        try eventually(within: 5, "the status says why it is off the air", pollSeconds: 0.1) {
            try station.status().sentence.hasPrefix("not on air: off the air: the buffer is depleted")
        }
        let status = try station.status()
        print("off the air: \(status.sentence)")
        #expect(status.workers.map(\.restarts) == [0, 0])
        #expect(station.encodingFFmpeg() == nil)
        return SystemClock().monotonicSeconds
    }

    /// The other station: nothing at all, then an evergreen library, then a Buffer.
    private func playOn(root: String) throws {
        let clock = SystemClock()
        let buffer = NumberedBuffer(root: root, trackSeconds: 8, promptSeconds: 80)
        let began = clock.monotonicSeconds
        try StationUnderTest.run(
            root: root, config: Self.config(buffer, "fallback"), arguments: ["--mode", "feeder-only"]
        ) { station in
            try station.waitUntilOnAir(withinSeconds: 20)
            print("on the air \(clock.monotonicSeconds - began) s after the start with nothing on the Buffer")
            try waitForSource(.fallback, station, withinSeconds: 5)
            let aired = try buffer.append(tracks: 2, evergreen: true)
            try waitForSource(.evergreen, station, withinSeconds: 45)
            print("the evergreen library \(clock.monotonicSeconds - began) s after the start")
            try buffer.append(tracks: 3, from: aired.upperBound)
            try waitForSource(.buffer, station, withinSeconds: 60)
            print("the Buffer \(clock.monotonicSeconds - began) s after the start")
            #expect(station.log.contains("the buffer has music again: going on with Numbered 3"))
            #expect(try station.status().workers.map(\.restarts) == [0, 0])
            #expect(station.stop() == .code(0))
            #expect(station.processesLeft() == [])
        }
    }

    private func waitForSource(_ source: TrackSource, _ station: StationUnderTest, withinSeconds: Double) throws {
        try eventually(within: withinSeconds, "the \(source.rawValue) plays", pollSeconds: 0.2) {
            let status = try station.status()
            #expect(status.onAir)
            return status.nowPlaying?.source == source
        }
    }

    private func comeBack(
        _ station: StationUnderTest, _ server: RTMPServer, _ buffer: NumberedBuffer, leftAt: Double, from index: Int
    ) throws {
        let clock = SystemClock()
        // Longer than a worker may stand still: being off the air is work.
        try eventually(within: 40, "it has been off the air for 33 seconds", pollSeconds: 0.2) {
            clock.monotonicSeconds - leftAt > 33
        }
        let status = try station.status()
        #expect(!status.onAir)
        #expect(status.workers.map(\.restarts) == [0, 0], "\(station.log)")
        let said = station.log.split(separator: "\n").filter { $0.contains("leaving the air") }.count
        #expect(said == 1, "said once, not for ever:\n\(station.log)")
        try buffer.append(tracks: 2, from: index)
        let filled = clock.monotonicSeconds
        try server.waitForMedia(key: "q", after: 1, withinSeconds: 20)
        print("on the air again \(clock.monotonicSeconds - filled) s after there is music")
        try eventually(within: 5, "some of it has been heard") { clock.monotonicSeconds - filled > 5 }
    }
}
