import Domain
import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

@Suite(
    .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)), .timeLimit(.minutes(2)))
struct RTMPServerTests {
    /// A publisher of four seconds of signal as fast as it goes, or of an hour at its own pace.
    private func publish(_ signal: String, to server: RTMPServer, paced: Bool) throws -> ChildProcess {
        let ffmpeg = try #require(TestTool.path(of: "ffmpeg"))
        let pace = paced ? ["-re", "-stream_loop", "-1"] : []
        return try ChildProcess(
            path: ffmpeg,
            arguments: ["-nostdin", "-loglevel", "quiet"] + pace
                + ["-i", signal, "-c:a", "aac", "-b:a", "160k", "-f", "flv", server.url()],
            environment: ["PATH": "/usr/bin:/bin"], descriptors: [nil, nil, nil])
    }

    @Test func `what is published is recorded and decodes`() throws {
        try withRTMPServer { server in
            let wav = "\(server.directory)/signal.wav"
            try NumberedTrack.write(0..<176_400, to: wav)
            #expect(!server.isPublishing())
            let publisher = try publish(wav, to: server, paced: false)
            #expect(publisher.wait(timeoutSeconds: 40) == .code(0))
            try eventually(within: 15, "the recording is closed") { !server.isPublishing() }
            let recordings = server.recordings()
            #expect(recordings.count == 1)
            let heard = try decodePCM(try #require(recordings.first), to: "\(server.directory)/heard.pcm")
            // AAC works in blocks of 1024 and begins with one of priming.
            #expect(abs(heard.frameCount - 176_400) <= 3 * 1024)
        }
    }

    @Test func `a kill breaks the publisher, and after a restart there is a second recording`() throws {
        try withRTMPServer { server in
            let wav = "\(server.directory)/signal.wav"
            try NumberedTrack.write(0..<441_000, to: wav)
            let first = try publish(wav, to: server, paced: true)
            defer { first.signal(SIGKILL) }
            try eventually(within: 30, "the first publisher is seen") { server.isPublishing() }
            server.kill()
            #expect(server.pid == nil && !server.isPublishing())
            #expect(!Loopback.accepts(port: server.port))
            #expect(first.wait(timeoutSeconds: 30) != nil)

            try server.restart()
            let second = try publish(wav, to: server, paced: true)
            defer { second.signal(SIGKILL) }
            try eventually(within: 30, "the second publisher is seen") { server.isPublishing() }
            try eventually(within: 30, "its recording grows") {
                server.recordings().count == 2 && size(of: server.recordings()[1]) > 10_000
            }
            second.signal(SIGKILL)
            #expect(second.wait(timeoutSeconds: 5) == .signal(SIGKILL))
        }
    }

    @Test func `a frozen server takes nothing and answers nobody until it thaws`() throws {
        try withRTMPServer { server in
            let wav = "\(server.directory)/signal.wav"
            try NumberedTrack.write(0..<441_000, to: wav)
            let publisher = try publish(wav, to: server, paced: true)
            defer {
                publisher.signal(SIGKILL)
                _ = publisher.wait(timeoutSeconds: 5)
            }
            try eventually(within: 30, "something is recorded") { server.recordings().contains { size(of: $0) > 0 } }
            server.freeze()
            let pid = try #require(server.pid)
            try eventually(within: 15, "it is stopped") { processState(pid) == "T" }
            let recording = try #require(server.recordings().first)
            let before = size(of: recording)
            // Its statistics time out, which takes long enough for the recording to have grown.
            #expect(!server.isPublishing())
            #expect(size(of: recording) == before)
            #expect(publisher.reap() == nil)
            server.thaw()
            try eventually(within: 30, "the recording goes on") { size(of: recording) > before }
            #expect(server.isPublishing())
        }
    }

    @Test func `afterwards nothing of it is left`() throws {
        let (pid, directory) = try withRTMPServer { server in (try #require(server.pid), server.directory) }
        #expect(processState(pid) == nil)
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    private func size(of path: String) -> Int {
        FileManager.default.contents(atPath: path)?.count ?? 0
    }

    /// `T` when stopped, `R` or `S` when it runs, nil when there is none.
    private func processState(_ pid: Int32) -> Character? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        return text.split(separator: ")").last?.first { $0 != " " }
    }
}
