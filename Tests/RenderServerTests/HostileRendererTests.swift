import Config
import Domain
import FoundationEssentials
import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Backends

/// A renderer is a stranger: whatever it answers, the station gets a sound track or a clear word, and soon.
@Suite("A renderer that answers nonsense", .timeLimit(.minutes(2)))
struct HostileRendererTests {
    typealias Reply = ScriptedServer.Reply

    private static let health = """
        {"alive":true,"backends":[{"name":"s","model":"stand-in","non_commercial":false,"batch_max":1,"continues":false,
        "rest_seconds":0}],"batch_max":1,"continues":false,"non_commercial":false}
        """

    /// A renderer that is well until it is asked for a track.
    private static func server(
        sound: [UInt8], sha256: String, bytes: Int? = nil, track: @escaping @Sendable (ScriptedServer.Request) -> Reply
    ) throws -> ScriptedServer {
        try ScriptedServer { request in
            if request.path == "/v1/health" { return .answer(200, [], Array(health.utf8)) }
            if request.path.contains("/tracks/") { return track(request) }
            let job = request.path.split(separator: "?")[0].split(separator: "/").last.map(String.init) ?? ""
            let item = job.split(separator: "-").first.map(String.init) ?? ""
            let view = """
                {"id":"\(job)","state":"done","progress":1,"version":1,"failed":[],"tracks":[{"id":"\(item)",
                "bytes":\(bytes ?? sound.count),"sha256":"\(sha256)","seconds":5,"provenance":{"backend":"s"}}]}
                """
            return .answer(request.method == "DELETE" ? 204 : 200, [], Array(view.utf8))
        }
    }

    private static let sound = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private static func digest(_ bytes: [UInt8]) throws -> String {
        try Checksum(searchPath: RemoteStation.environment["PATH"] ?? "").sha256(of: .bytes(bytes))
    }

    /// The words of the error that one track ends with.
    private static func words(_ root: String, _ server: ScriptedServer) throws -> String {
        var station = try RemoteStation(root: root + "/station", url: server.url)
        station.patience.aloneSeconds = 1
        do {
            let outcome = try station.render(requests(1, seconds: 5))
            return "it gave \(outcome)"
        } catch {
            let left = (try? FileManager.default.contentsOfDirectory(atPath: root + "/station/batch")) ?? []
            #expect(left == [])
            return "\(error)"
        }
    }

    @Test func `A download that breaks off is gone on from where it was`() throws {
        try withTemporaryDirectory { root in
            let (sound, sha256) = (Self.sound, try Self.digest(Self.sound))
            let asked = Mutex(0)
            let server = try Self.server(sound: sound, sha256: sha256) { request in
                let from = request.header("range").flatMap { Int($0.dropFirst(6).prefix { $0 != "-" }) } ?? 0
                let end = min(from + 70_000, sound.count)
                asked.withLock { $0 += 1 }
                let status = from == 0 ? "200 OK" : "206 Partial Content"
                let head = """
                    HTTP/1.1 \(status)\r\nContent-Length: \(sound.count - from)\r\n\
                    Content-Range: bytes \(from)-\(sound.count - 1)/\(sound.count)\r\n\r\n
                    """
                return .bytes(Array(head.utf8) + sound[from..<end])
            }
            defer { server.stop() }
            let station = try RemoteStation(root: root, url: server.url)
            let outcome = try station.render(requests(1, seconds: 5))
            let file = try #require(outcome.tracks[0]?.file)
            #expect(try Files.read(file, bytesMax: 1 << 20) == sound)
            #expect(asked.withLock { $0 } == 3)
            let resumed = server.requests.filter { $0.path.contains("/tracks/") }.dropFirst()
            #expect(resumed.allSatisfy { $0.header("if-range") == "\"\(sha256)\"" })
        }
    }

    @Test func `A track with another checksum than announced is thrown away`() throws {
        try withTemporaryDirectory { root in
            let other = try Self.digest([1, 2, 3])
            let server = try Self.server(sound: Self.sound, sha256: other) { _ in .answer(200, [], Self.sound) }
            defer { server.stop() }
            #expect(try Self.words(root, server).contains("one: a track came with another checksum"))
        }
    }

    @Test func `A track that never stops is cut off`() throws {
        try withTemporaryDirectory { root in
            let server = try Self.server(sound: Self.sound, sha256: Self.digest(Self.sound)) { _ in
                .drip(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + Self.sound + Self.sound, everySeconds: 0.01)
            }
            defer { server.stop() }
            #expect(try Self.words(root, server).contains("it sends more than it may"))
        }
    }

    @Test func `A track that is announced as larger than any sound is not even asked for`() throws {
        try withTemporaryDirectory { root in
            let server = try Self.server(sound: [], sha256: Self.digest([]), bytes: 1 << 40) { _ in .bytes([]) }
            defer { server.stop() }
            #expect(try Self.words(root, server).contains("it sends more than it may"))
            #expect(!server.requests.contains { $0.path.contains("/tracks/") })
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{]", "it answers nonsense: {]"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\u{1}\u{7}[]", "it answers nonsense: []"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", "it sends more than it may"),
        ("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "it refuses the token"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"alive\":true}", "it refuses the token"),
        ("HTTP/1.1 500 No\r\nContent-Length: 17\r\n\r\n{\"error\":\"on fire\"", "it refuses (500)"),
        ("nonsense\r\n\r\n", "it does not answer"),
        ("", "it does not answer"),
    ])
    func `A health that is none is told in words`(reply: String, word: String) throws {
        try withTemporaryDirectory { root in
            let server = try ScriptedServer { _ in .bytes(Array(reply.utf8)) }
            defer { server.stop() }
            let words = try Self.words(root, server)
            #expect(words.contains(word), "\(words)")
        }
    }

    @Test func `An answer without end is cut off`() throws {
        try withTemporaryDirectory { root in
            let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 3 << 20)
            let server = try ScriptedServer { _ in
                .drip(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + piece, everySeconds: 0.01)
            }
            defer { server.stop() }
            let words = try Self.words(root, server)
            #expect(words.contains("it sends more than it may"), "\(words)")
        }
    }

    @Test func `A redirect is not followed, and neither is the token sent there`() throws {
        try withTemporaryDirectory { root in
            let foreign = try ScriptedServer { _ in .answer(200, [], Array(Self.health.utf8)) }
            let server = try ScriptedServer { request in
                .answer(302, ["Location: \(foreign.url)\(request.path)"], [])
            }
            defer {
                server.stop()
                foreign.stop()
            }
            var station = try RemoteStation(root: root, url: server.url)
            try Data("a-token-that-stays-here\n".utf8).write(to: URL(filePath: root + "/token"))
            _ = chmod(root + "/token", 0o600)
            station.renderers[0].tokenFile = root + "/token"
            let backend = station.backend()
            let error = #expect(throws: BackendError.self) { try backend.prepare(cancellation: Cancellation()) }
            #expect(
                "\(error.map { "\($0)" } ?? "")".contains("it answers with a redirect (302), which is not followed"))
            #expect(server.requests.first?.header("authorization") == "Bearer a-token-that-stays-here")
            #expect(foreign.requests.isEmpty)
        }
    }

    @Test func `No process shows the token in its arguments`() throws {
        try withTemporaryDirectory { root in
            let shown = Mutex<[String]>([])
            let server = try ScriptedServer { _ in
                // While curl waits for this answer it is there to be seen by everybody.
                let pids =
                    (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
                let lines = pids.compactMap { FileManager.default.contents(atPath: "/proc/\($0)/cmdline") }
                    .map { String(decoding: $0, as: UTF8.self) }
                shown.withLock { $0 = lines }
                return .answer(200, [], Array(Self.health.utf8))
            }
            defer { server.stop() }
            var station = try RemoteStation(root: root, url: server.url)
            try Data("a-token-that-nobody-sees\n".utf8).write(to: URL(filePath: root + "/token"))
            _ = chmod(root + "/token", 0o600)
            station.renderers[0].tokenFile = root + "/token"
            try station.backend().prepare(cancellation: Cancellation())
            let lines = shown.withLock { $0 }
            #expect(lines.contains { $0.hasPrefix("/") && $0.contains("curl\0-q\0--config\0-") })
            #expect(!lines.contains { $0.contains("that-nobody-sees") })
        }
    }

    @Test func `A token that others may read is not sent`() throws {
        try withTemporaryDirectory { root in
            let server = try ScriptedServer { _ in .answer(200, [], Array(Self.health.utf8)) }
            defer { server.stop() }
            var station = try RemoteStation(root: root, url: server.url)
            try Data("a-token-open-to-everybody\n".utf8).write(to: URL(filePath: root + "/token"))
            _ = chmod(root + "/token", 0o644)
            station.renderers[0].tokenFile = root + "/token"
            let backend = station.backend()
            let error = #expect(throws: BackendError.self) { try backend.prepare(cancellation: Cancellation()) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("chmod 600"))
            #expect(server.requests.isEmpty)
        }
    }
}
