import Domain
import Foundation
import Glibc
import Platform
import TestSupport
import Testing

/// A station whose Buffer is damaged, and whose supervisor is killed.
@Suite(
    .serialized, .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct SurvivalTests {
    @Test("broken files are set aside and said; after a killed supervisor a new one goes on at the playhead")
    func damagedAndKilled() throws {
        try withTemporaryDirectory { root in
            try withRTMPServer { server in
                let buffer = NumberedBuffer(root: root, trackSeconds: 8)
                try buffer.append(tracks: 6)
                try damage(root + "/state/audio_buffer")
                let config = StationFile(
                    sections: buffer.sections + "\n[dashboard]\nenabled = false",
                    destinations: [("far-end", server.url(key: "s"))])
                let arguments = ["--mode", "feeder-only"]
                try StationUnderTest.run(root: root, config: config, arguments: arguments) { first in
                    try server.waitForMedia(key: "s", after: 0, withinSeconds: 40)
                    let log = first.log
                    #expect(log.contains("chunk_002"), "\(log)")
                    #expect(log.contains("buffer_metadata.json"), "\(log)")
                    try eventually(within: 20, "the track after the broken one plays", pollSeconds: 0.1) {
                        let playing = try first.status().nowPlaying
                        return playing?.number == 3 && playing.map { $0.elapsedSeconds > 3 } ?? false
                    }
                    try killSupervisor(first) {
                        try StationUnderTest.run(root: root, config: config, arguments: arguments) { second in
                            try goOn(second, server)
                        }
                    }
                }
                try listen(server, root: root)
            }
        }
    }

    private func damage(_ directory: String) throws {
        let metadata = directory + "/buffer_metadata.json"
        let whole = try #require(FileManager.default.contents(atPath: metadata))
        try whole.prefix(whole.count / 2).write(to: URL(filePath: metadata))
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        let track = try #require(names.first { $0.hasPrefix("chunk_002") })
        try Data("RIFF, but nothing that follows from it".utf8).write(to: URL(filePath: directory + "/" + track))
    }

    /// Kills the supervisor, starts the next station at once, and sees the old processes go.
    private func killSupervisor(_ station: StationUnderTest, _ next: () throws -> Void) throws {
        let clock = SystemClock()
        let old = station.processesLeft().filter { !$0.hasPrefix("\(station.supervisorPID) ") }
        #expect(old.count >= 5, "feeder, encoder and three ffmpegs: \(old)")
        kill(station.supervisorPID, SIGKILL)
        let killed = clock.monotonicSeconds
        #expect(station.waitForEnd(withinSeconds: 5) == .signal(SIGKILL))
        #expect(FileManager.default.fileExists(atPath: station.root + "/run/lofisup.sock"), "a stale socket is left")
        NamedThread.start("old-processes") {
            // Beside what follows, so that the figure is right; a deadline that expires is seen below.
            try? eventually(within: 25, "the old processes are gone") { Self.noneLives(old) }
            print("the orphans were gone \(clock.monotonicSeconds - killed) s after the supervisor was killed")
        }
        try next()
        try eventually(within: max(0, killed + 25 - clock.monotonicSeconds), "no old process is left after 25 s") {
            Self.noneLives(old)
        }
    }

    private static func noneLives(_ lines: [String]) -> Bool {
        lines.allSatisfy { line in Int32(line.prefix { $0 != " " }).map { kill($0, 0) != 0 } ?? true }
    }

    private func goOn(_ station: StationUnderTest, _ server: RTMPServer) throws {
        let clock = SystemClock()
        let began = clock.monotonicSeconds
        try server.waitForMedia(key: "s", after: 1, withinSeconds: 30)
        print("media again \(clock.monotonicSeconds - began) s after the new station was started")
        #expect(try station.status().nowPlaying?.number == 3)
        let again = clock.monotonicSeconds
        try eventually(within: 10, "three more seconds have aired") { clock.monotonicSeconds - again > 3 }
        let answer = try Command(["ctl", "shutdown", "--root", station.root])
        #expect(answer.exit == .code(0), "\(answer.errors)")
        #expect(station.waitForEnd(withinSeconds: 30) == .code(0))
        #expect(station.processesLeft() == [])
    }

    private func listen(_ server: RTMPServer, root: String) throws {
        let recordings = try Recording.all(server, key: "s", scratch: root)
        for recording in recordings { print(recording.report) }
        try #require(recordings.count == 2)
        // From the first track to the third: the tracks are 6 s apart in the signal, and joined by 2 s of crossfade.
        let joint = try #require(recordings[0].report.breaks.first)
        #expect(recordings[0].report.breaks.count == 1, "\(recordings[0].report)")
        #expect(joint.shift == 6 * StationAudio.framesPerSecond)
        #expect(recordings[1].report.isUnbroken, "\(recordings[1].report)")
        let repeated = try #require(recordings[0].lastIndex) - #require(recordings[1].firstIndex)
        print("the new station repeats \(StationAudio.words(repeated)) (negative: skips)")
        #expect((-22_050...66_150).contains(repeated))
    }
}
