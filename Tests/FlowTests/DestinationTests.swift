import Domain
import Glibc
import Platform
import TestSupport
import Testing

/// Far ends that die, freeze and come back.
@Suite(
    .serialized, .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct DestinationTests {
    @Test("a server that dies or freezes has media within 3 s of its return, and nobody else hears anything of it")
    func serverGone() throws {
        try withTemporaryDirectory { root in
            try withRTMPServer { hurt in
                try withRTMPServer { sound in
                    let buffer = NumberedBuffer(root: root)
                    try buffer.append(tracks: 4)
                    let config = StationFile(
                        sections: buffer.sections + "\n[dashboard]\nenabled = false",
                        encoder: "video_kbps = 8000",
                        destinations: [("hurt", hurt.url(key: "a")), ("sound", sound.url(key: "b"))])
                    try StationUnderTest.run(root: root, config: config, arguments: ["--mode", "feeder-only"]) {
                        station in
                        try hurt.waitForMedia(key: "a", after: 0, withinSeconds: 40)
                        try kill(hurt, station)
                        try freeze(hurt, station)
                        #expect(station.stop() == .code(0))
                    }
                    try checkOthers(sound, root: root)
                    // What the hurt server did hear is the signal as well, from each return to the next trouble.
                    for (at, recording) in try Recording.all(hurt, key: "a", scratch: root).enumerated() {
                        #expect(recording.report.isUnbroken, "recording \(at):\n\(recording.report)")
                    }
                }
            }
        }
    }

    private func kill(_ server: RTMPServer, _ station: StationUnderTest) throws {
        let clock = SystemClock()
        server.kill()
        try eventually(within: 10, "the destination is known to be away", pollSeconds: 0.1) {
            try station.status().destinations.contains { $0.name == "hurt" && $0.state != "sending" }
        }
        let killed = clock.monotonicSeconds
        try eventually(within: 10, "it has been away for five seconds") { clock.monotonicSeconds - killed >= 5 }
        let known = server.recorded(key: "a").files
        try server.restart()
        let returned = clock.monotonicSeconds
        try server.waitForMedia(key: "a", after: known, withinSeconds: 10)
        let took = clock.monotonicSeconds - returned
        print("media again \(took) s after a killed server listens again")
        #expect(took <= 3)
    }

    private func freeze(_ server: RTMPServer, _ station: StationUnderTest) throws {
        let clock = SystemClock()
        let before = server.recorded(key: "a")
        try eventually(within: 10, "the new connection carries media", pollSeconds: 0.1) {
            let destination = try station.status().destinations.first { $0.name == "hurt" }
            return server.recorded(key: "a").lastBytes > before.lastBytes + 20_000 && destination?.state == "sending"
        }
        server.freeze()
        let frozen = clock.monotonicSeconds
        // More comes than the connection can hold.
        try eventually(within: 15, "the status says that nothing is taken any more", pollSeconds: 0.1) {
            try station.status().destinations.first { $0.name == "hurt" }?.state != "sending"
        }
        print("a frozen server shows in the status after \(clock.monotonicSeconds - frozen) s")
        try eventually(within: 20, "it has been frozen for 15 seconds") { clock.monotonicSeconds - frozen >= 15 }
        let known = server.recorded(key: "a").files
        server.thaw()
        let returned = clock.monotonicSeconds
        try server.waitForMedia(key: "a", after: known, withinSeconds: 15)
        let took = clock.monotonicSeconds - returned
        print("media again \(took) s after a frozen server goes on")
        #expect(took <= 3)
    }

    private func checkOthers(_ server: RTMPServer, root: String) throws {
        let recordings = try Recording.all(server, key: "b", scratch: root)
        #expect(recordings.count == 1)
        let recording = try #require(recordings.first)
        print("the other destination: \(recording.report)")
        #expect(recording.report.isUnbroken, "\(recording.report)")
        #expect(recording.audio.seconds >= 20)
        #expect(recording.timeline.audioJumps() == [])
        #expect(recording.timeline.videoJumps() == [])
        let local = FarEnd.analyse(
            try decodeHLS(directory: root + "/run/hls", playlist: "live.m3u8", to: root + "/hls.pcm"))
        #expect(local.isUnbroken, "\(local)")
    }
}
