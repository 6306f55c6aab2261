import Domain
import FoundationEssentials
import Glibc
import IPC
import Platform
import TestSupport
import Testing

/// A whole station, generator and dashboard included: what is heard at a prompt change, after the encoder was killed,
/// and how it is taken down.
@Suite(
    .serialized, .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct FullStationTests {
    /// Tracks of 8 s, two to a prompt: the first change comes after 14 s, which two tracks fill with their crossfade.
    private static let promptFrames = 14 * StationAudio.framesPerSecond

    @Test("prompts are 3.000 s apart, a killed encoder is back within 3 s where it was, SIGTERM goes in order")
    func wholeStation() throws {
        try withTemporaryDirectory { root in
            try withRTMPServer { server in
                // Its port is the one that the dashboard wants.
                try withRTMPServer { squatter in
                    let buffer = NumberedBuffer(root: root, trackSeconds: 8, promptSeconds: 16)
                    try buffer.append(tracks: 14)
                    let sections =
                        buffer.sections.replacing("count = 0", with: "count = 1") + """

                            [buffer]
                            target_hours = 0.01
                            max_hours = 0.01
                            [dashboard]
                            port = \(squatter.port)
                            """
                    let config = StationFile(
                        sections: sections, supervisor: "restart_max_seconds = 2",
                        destinations: [("far-end", server.url(key: "whole"))])
                    try StationUnderTest.run(root: root, config: config) { station in
                        try live(station, server: server, squatter: squatter)
                    }
                    try listen(server, root: root)
                }
            }
        }
    }

    private func live(_ station: StationUnderTest, server: RTMPServer, squatter: RTMPServer) throws {
        let clock = SystemClock()
        try server.waitForMedia(key: "whole", after: 0, withinSeconds: 40)
        let began = clock.monotonicSeconds
        try station.waitForLog("cannot listen on 127.0.0.1:\(squatter.port): another program has that port")
        #expect(try station.status().onAir)
        squatter.kill()
        try eventually(within: 15, "the dashboard serves once the port is free", pollSeconds: 0.2) {
            Loopback.get(port: squatter.port, path: "/")?.contains("<html") ?? false
        }
        // What has been heard of the second prompt is enough to know where it begins.
        try eventually(within: 30, "the second prompt has been on the air for a while", pollSeconds: 0.2) {
            let playing = try station.status().nowPlaying
            return playing?.promptIndex == 1 && playing?.betweenPrompts == false && clock.monotonicSeconds - began > 20
        }
        let texts = try Command(["status", "--root", station.root])
        print(texts.output)
        #expect(texts.exit == .code(0))
        #expect(texts.output.hasPrefix("on air: Numbered 3, buffer "))
        #expect(texts.output.contains("to        far-end: sending, "))
        for name in ["generator", "feeder", "encoder", "dashboard"] {
            #expect(texts.output.contains("\n\(name) "), "\(texts.output)")
        }

        let known = server.recorded(key: "whole").files
        try station.signal("encoder", SIGKILL)
        let killed = clock.monotonicSeconds
        try server.waitForMedia(key: "whole", after: known, withinSeconds: 15)
        let took = clock.monotonicSeconds - killed
        print("media again \(took) s after the encoder was killed")
        #expect(took <= 3)

        let restarted = try Command(["ctl", "restart", "feeder", "--json", "--root", station.root])
        #expect(restarted.exit == .code(0))
        let answer = try StationJSON.decode(OperationStatus.self, from: Data(restarted.output.utf8))
        #expect(answer.state == .done)
        #expect(answer.outcome == "feeder is running")
        let again = clock.monotonicSeconds
        try eventually(within: 10, "five more seconds have aired") { clock.monotonicSeconds - again > 5 }
        let local = try String(contentsOfFile: station.hlsDirectory + "/live.m3u8", encoding: .utf8)
        #expect(local.contains("#EXT-X-DISCONTINUITY"), "a player must be told of the new encoder:\n\(local)")

        let told = clock.monotonicSeconds
        #expect(station.stop() == .code(0), "\(station.log)")
        print("taken down in \(clock.monotonicSeconds - told) s")
        #expect(station.processesLeft() == [])
        let words = ": stopped"
        let gone = station.log.split(separator: "\n").filter { $0.hasSuffix(words) }.map { $0.dropLast(words.count) }
        #expect(gone == ["generator", "feeder", "encoder", "dashboard"], "\(station.log)")
    }

    private func listen(_ server: RTMPServer, root: String) throws {
        let recordings = try Recording.all(server, key: "whole", scratch: root)
        for recording in recordings { print(recording.report) }
        try #require(recordings.count == 2)
        try checkPromptChange(recordings[0])
        // The second life: nothing breaks in it before the next prompt change, 31 s after the first.
        let second = recordings[1]
        #expect(second.report.runs.count == 1, "\(second.report)")
        let before = try #require(recordings[0].lastIndex)
        let after = try #require(second.firstIndex)
        let repeated = before - after
        print("the new encoder repeats \(StationAudio.words(repeated)) (negative: skips)")
        #expect((-22_050...66_150).contains(repeated))
    }

    private func checkPromptChange(_ recording: Recording) throws {
        let report = recording.report
        // What lies between is silence and the edges beside it, in which there is hardly enough to tell anything by.
        let before = try #require(report.runs.first, "\(report)")
        let after = try #require(report.runs.last, "\(report)")
        #expect(report.runs.filter { $0.heard.count > 4096 } == [before, after], "no other break:\n\(report)")
        // Sample-exact: the signal goes on 3.000 s later than it would have without the silence.
        let place = { (run: FarEndReport.Run) in run.heard.lowerBound - run.indices.lowerBound }
        #expect(place(after) - place(before) == 3 * StationAudio.framesPerSecond)
        #expect(abs(after.indices.lowerBound - Self.promptFrames) < 2048)
        // The end of the fade-out is below one step of 16 bits for up to 0.6 % of its 2 s, and counts here as well.
        let silences = recording.audio.digitalSilences(framesMin: 4096)
            .filter { $0.lowerBound > 0 && $0.upperBound < recording.audio.frameCount }
        #expect(silences.count == 1)
        let silence = try #require(silences.first)
        print("digital silence between the prompts: \(StationAudio.words(silence.count))")
        #expect((132_300 - 30...132_300 + 1100).contains(silence.count))
    }
}
