import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Dashboard

extension DashboardTests {
    @Suite("Local HLS")
    struct HLSTests {
        @Test(arguments: [
            ("live.m3u8", "application/vnd.apple.mpegurl"), ("init-2.mp4", "video/mp4"),
            ("seg00001.m4s", "video/iso.segment"), ("old.ts", "video/mp2t"),
        ])
        func `What the encoder wrote is served as what it is, and is never stored`(name: String, type: String)
            async throws
        {
            try await withTemporaryDirectory { directory in
                let bytes = Data((0..<70_000).map { UInt8(truncatingIfNeeded: $0) })
                try bytes.write(to: URL(filePath: "\(directory)/\(name)"))
                try await withDashboard(hlsDirectory: directory) { port in
                    let answer = try await RawClient.get("/hls/\(name)?again=1", port: port)
                    #expect(answer.status == 200)
                    #expect(answer.headers["content-type"] == type)
                    #expect(answer.headers["cache-control"] == "no-store")
                    #expect(answer.body == Array(bytes))
                }
            }
        }

        @Test func `No path leads out of the directory, and no other file in it is served`() async throws {
            try await withTemporaryDirectory { parent in
                let directory = "\(parent)/hls"
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/sub.ts", withIntermediateDirectories: true)
                let secret = Data("the stream key".utf8)
                for path in [
                    "\(parent)/secret.ts", "\(directory)/key.txt", "\(directory)/.hidden.ts",
                    "\(directory)/live.m3u8.tmp",
                    "\(directory)/sub.ts/inner.ts", "\(directory)/ts",
                ] {
                    try secret.write(to: URL(filePath: path))
                }
                #expect(symlink("\(parent)/secret.ts", "\(directory)/link.ts") == 0)
                #expect(mkfifo("\(directory)/pipe.ts", 0o600) == 0)
                try await withDashboard(hlsDirectory: directory) { port in
                    for path in [
                        "/hls/../secret.ts", "/hls/..%2fsecret.ts", "/hls/%2e%2e/secret.ts", "/hls/..%5csecret.ts",
                        "/hls//secret.ts", "/hls/./../secret.ts", "/hls/sub.ts/inner.ts", "/hls/sub.ts", "/hls/key.txt",
                        "/hls/.hidden.ts", "/hls/live.m3u8.tmp", "/hls/link.ts", "/hls/pipe.ts", "/hls/", "/hls/ts",
                        "/hls/.ts", "/hls/secret.ts%00.m3u8", "/hls/\(parent)/secret.ts", "/secret.ts", "/../secret.ts",
                        "/hls/..\\secret.ts", "http://localhost/hls/../secret.ts",
                    ] {
                        let answer = try await RawClient.get(path, port: port)
                        #expect(answer.status == 404, "\(path)")
                        #expect(!answer.text.contains("stream key"), "\(path)")
                    }
                }
            }
        }

        @Test func `No directory yet is no error`() async throws {
            try await withDashboard(hlsDirectory: "/nonexistent") { port in
                try await #expect(RawClient.get("/hls/live.m3u8", port: port).status == 404)
            }
        }
    }
}
