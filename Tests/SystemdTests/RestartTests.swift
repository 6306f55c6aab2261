import Domain
import Foundation
import Platform
import TestSupport
import Testing

/// `systemctl restart` without dead air: the encoder and its connection go on, and every sample arrives once.
@Suite(
    .serialized, .enabled(if: SystemdMachine.obstacle == nil, Comment(rawValue: SystemdMachine.obstacle ?? "")),
    .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct RestartTests {
    @Test("ten restarts in a row are not heard; encoder, ffmpeg and the connection stay the same")
    func tenTimes() throws {
        try receive(tracks: 14) { service in
            for round in 1...10 {
                let main = try service.machine.property("MainPID")
                let clock = SystemClock()
                let began = clock.monotonicSeconds
                try service.machine.shell("systemctl restart lofisup", timeoutSeconds: 60)
                print("restart \(round) took \(clock.monotonicSeconds - began) s")
                #expect(try service.machine.property("MainPID") != main)
            }
        }
    }

    @Test("an upgrade to another version in between is not heard")
    func upgraded() throws {
        try receive(tracks: 8) { service in
            let machine = service.machine
            let version = try service.status().version
            // The same program with another number in it, put in place as script/install does.
            let next = String(version.dropLast()) + (version.hasSuffix("9") ? "8" : "9")
            try machine.shell(
                """
                export LC_ALL=C LD_LIBRARY_PATH=/usr/local/lib/swift-of-the-test
                sed 's/\(version.replacing(".", with: "\\."))/\(next)/g' /usr/local/bin/lofisup >/usr/local/bin/lofisup.new
                chmod 755 /usr/local/bin/lofisup.new
                [ "$(/usr/local/bin/lofisup.new --version)" = '\(next)' ]
                mv -T /usr/local/bin/lofisup.new /usr/local/bin/lofisup
                """)
            // Workers can be started although the program that the supervisor runs is not there any more.
            let feeder = try service.pids("worker feeder")
            try machine.shell("systemctl reload lofisup; kill -KILL \(feeder.joined(separator: " "))")
            try eventually(within: 20, "another feeder runs", pollSeconds: 0.1) {
                let worker = try service.worker("feeder")
                let now = try service.pids("worker feeder")
                return worker?.state == "running" && !now.isEmpty && now != feeder
            }
            try service.waitForCushion()
            try machine.shell("systemctl restart lofisup", timeoutSeconds: 60)
            #expect(try service.status().version == next)
            try service.waitForCushion()
            try machine.shell("systemctl restart lofisup", timeoutSeconds: 60)
            #expect(try service.status().version == next)
        }
    }

    @Test("a supervisor that is killed, by hand or by the watchdog, is not heard either")
    func killed() throws {
        try receive(tracks: 10, dropIn: "WatchdogSec=3") { service in
            let machine = service.machine
            for (signal, restarts) in [("KILL", "1"), ("STOP", "2"), ("TERM", "3")] {
                try machine.shell("kill -\(signal) $(systemctl show --value --property MainPID lofisup)")
                try eventually(within: 60, "systemd has started the station again after SIG\(signal)", pollSeconds: 0.1)
                {
                    let restarted = try machine.property("NRestarts") == restarts
                    return try restarted && machine.property("ActiveState") == "active"
                }
                try service.waitForCushion()
            }
        }
    }

    /// Plays numbered tracks of 20 s to an RTMP server while `hurt` does its worst, then checks every sample, and that
    /// what makes the stream has stayed.
    private func receive(tracks: Int, dropIn: String = "", hurt: (ServiceUnderTest) throws -> Void) throws {
        try withRTMPServer { server in
            let config = "[[destinations]]\nname = \"far-end\"\nurl = \"\(server.url(key: "numbered"))\""
            try ServiceUnderTest.run(config: config, dropIn: dropIn, tracks: tracks) { service in
                try service.start()
                try server.waitForMedia(key: "numbered", after: 0, withinSeconds: 60)
                try service.waitForCushion()
                let before = try Makers(service)
                let clock = SystemClock()
                let began = clock.monotonicSeconds
                try hurt(service)
                try service.waitForCushion()
                // What was fed meanwhile waits in the cushion: only when that has been played through is it proved.
                let hurtUntil = clock.monotonicSeconds
                try eventually(within: 60, "the cushion has been played through", pollSeconds: 0.2) {
                    clock.monotonicSeconds - hurtUntil >= 15
                }
                let seconds = clock.monotonicSeconds - began
                #expect(try Makers(service) == before)
                let workers = try service.status().workers
                #expect(workers.allSatisfy { $0.state == "running" && $0.residentBytes ?? 0 > 0 }, "\(workers)")
                #expect(try service.status().destinations.first { $0.name == "far-end" }?.reconnects == 0)
                try service.machine.shell("systemctl stop lofisup", timeoutSeconds: 100)
                #expect(try service.processes() == [])
                let recordings = try Recording.all(server, key: "numbered", scratch: service.machine.shared)
                #expect(recordings.count == 1, "one connection from beginning to end")
                let recording = try #require(recordings.first)
                print("after \(seconds) s: \(recording.report)")
                #expect(recording.report.isUnbroken, "\(recording.report)")
                #expect(
                    (recording.report.unbrokenIndices?.count ?? 0) >= StationAudio.frames(inSeconds: seconds))
                #expect(recording.timeline.audioJumps() == [])
            }
        }
    }
}

/// The processes that make the stream, which no restart may replace.
private struct Makers: Equatable {
    let encoder: [String]
    let ffmpegs: [String]

    init(_ service: ServiceUnderTest) throws {
        encoder = try service.pids("worker encoder")
        ffmpegs = try service.pids("bin/ffmpeg").sorted()
        #expect(encoder.count == 1 && ffmpegs.count >= 2, "\(encoder) \(ffmpegs)")
    }
}
