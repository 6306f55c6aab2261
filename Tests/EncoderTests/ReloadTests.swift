import Domain
import IPC
import Platform
import TestSupport
import Testing

@testable import Encoder

@Suite(.enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)))
struct ReloadTests {
    @Test("a destination comes and one goes while a third hears every sample on one connection")
    func live() throws {
        try withTemporaryDirectory { root in
            try withRTMPServer { server in
                let urls = ["stays", "goes", "comes"].map { (name: $0, url: server.url(key: $0)) }
                let encoder = try EncoderUnderTest(root: root, destinations: [urls[0], urls[1]])
                try eventually(within: 60, "both are on the air") {
                    server.isPublishing(key: "stays") && server.isPublishing(key: "goes")
                }
                try heard(3, by: encoder)
                try encoder.configure([urls[2], urls[0]])
                try encoder.reload()
                try eventually(within: 10, "who went has gone, and who came is there") {
                    !server.isPublishing(key: "goes") && server.isPublishing(key: "comes")
                }
                try heard(3, by: encoder)
                #expect(encoder.report?.destinations?.map(\.name) == ["local", "comes", "stays"])

                try encoder.configure([urls[1]], more: "\n[encoder]\nwidht = 3\n")
                do {
                    try encoder.reload()
                    Issue.record("a broken file was taken")
                } catch {
                    #expect("\(error)".contains("lofisup.toml"))
                }
                try heard(2, by: encoder)
                #expect(encoder.report?.destinations?.map(\.name) == ["local", "comes", "stays"])
                #expect(encoder.report?.destinations?.map(\.reconnects) == [0, 0, 0])
                print("worst lateness reported: \(encoder.worstLateness) s")
                try encoder.stop()
                for (name, seconds) in [("stays", 8.0), ("goes", 3), ("comes", 5)] {
                    let files = server.recordings(key: name)
                    #expect(files.count == 1)
                    let audio = try decodePCM(try #require(files.first), to: "\(root)/\(name).pcm")
                    let report = FarEnd.analyse(audio)
                    #expect(report.isUnbroken, "\(name): \(report)")
                    #expect(audio.seconds >= seconds, "\(name): \(report)")
                }
            }
        }
    }

    /// Waits until so many seconds more have been put out.
    private func heard(_ seconds: Double, by encoder: EncoderUnderTest) throws {
        let packets = Int(seconds * Double(StationAudio.framesPerSecond)) / BroadcastTimeline.framesPerPacket
        let begin = encoder.report?.progress ?? 0
        try eventually(within: seconds + 15, "\(seconds) s more are heard") {
            (encoder.report?.progress ?? 0) >= begin + packets
        }
    }
}
