import Dashboard
import Domain
import FoundationEssentials
import HTTPServing
import Platform
import Testing

extension DashboardTests {
    @Suite("Endpoints")
    struct EndpointTests {
        @Test func `The status is what the supervisor said, in the station's JSON`() async throws {
            try await withDashboard { port in
                let answer = try await RawClient.get("/api/v1/status", port: port)
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == "application/json")
                try #expect(StationJSON.decode(StationStatus.self, from: Data(answer.body)) == .make())
            }
        }

        @Test func `A supervisor that does not answer is said so, while the dashboard itself is well`() async throws {
            try await withDashboard(Station(nil)) { port in
                let answer = try await RawClient.get("/api/v1/status", port: port)
                #expect(answer.status == 503)
                #expect(answer.text.contains("supervisor does not answer"))
                try await #expect(RawClient.get("/healthz", port: port).status == 200)
                try await #expect(RawClient.get("/", port: port).status == 200)
            }
        }

        @Test(arguments: ["/", "/style.css", "/page.js", "/player.js", "/fmp4.js", "/icon.svg"])
        func `The page comes whole, and every answer has the strict headers`(path: String) async throws {
            try await withDashboard { port in
                let answer = try await RawClient.get(path, port: port)
                #expect(answer.status == 200)
                #expect(answer.body.count == Int(answer.headers["content-length"] ?? "") ?? -1)
                #expect(
                    answer.headers["content-security-policy"]?.hasPrefix("default-src 'self'; media-src 'self' blob:")
                        == true)
                #expect(answer.headers["x-content-type-options"] == "nosniff")
                #expect(answer.headers["cache-control"] == "no-store")
                #expect(!answer.text.contains("{{"))
            }
        }

        @Test func `The page stays small and asks nothing of another host`() async throws {
            try await withDashboard { port in
                var total = 0
                for path in ["/", "/style.css", "/page.js", "/player.js", "/fmp4.js", "/icon.svg"] {
                    let answer = try await RawClient.get(path, port: port)
                    total += answer.body.count
                    let foreign = answer.text.replacing("http://www.w3.org/2000/svg", with: "")
                    #expect(!foreign.contains("http://") && !foreign.contains("https://"), "\(path)")
                    #expect(!foreign.contains("innerHTML"), "\(path)")
                }
                #expect(total < 60_000)
            }
        }

        @Test(arguments: ["127.0.0.1", "localhost", "LOCALHOST:9", "[::1]:8080", "127.0.0.1:8080"])
        func `Its own names are answered, at any port`(host: String) async throws {
            try await withDashboard { port in
                try await #expect(RawClient.get("/healthz", port: port, host: host).status == 200)
            }
        }

        @Test(arguments: [
            "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1:80:80",
            "[::1", "[::1]x", "10.1.2.3", "localhost:80@evil.example", ":80",
        ])
        func `A foreign Host is refused, whatever it asks for`(host: String) async throws {
            try await withDashboard { port in
                for path in ["/", "/api/v1/status", "/api/v1/events", "/hls/live.m3u8"] {
                    let answer = try await RawClient.get(path, port: port, host: host)
                    #expect(answer.status == 421)
                    #expect(!answer.text.contains("veranda"))
                }
            }
        }

        @Test func `No Host, a body, another method and a long address are refused`() async throws {
            try await withDashboard { port in
                try await #expect(RawClient.get("/", port: port, host: nil).status == 400)
                try await #expect(RawClient.get("/", port: port, method: "POST").status == 405)
                try await #expect(RawClient.get("/", port: port, more: "Content-Length: 9000000\r\n").status == 413)
                try await #expect(RawClient.get("/" + String(repeating: "a", count: 2000), port: port).status == 414)
                try await #expect(RawClient.get("/nothing", port: port).status == 404)
            }
        }

        @Test func `HEAD answers with the length and without the body`() async throws {
            try await withDashboard { port in
                let whole = try await RawClient.get("/", port: port)
                let head = try await RawClient.get("/", port: port, method: "HEAD")
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
                #expect(head.headers["content-length"] == "\(whole.body.count)")
            }
        }

        @Test func `An occupied port is named, with what to do`() async throws {
            try await withDashboard { port in
                let second = DashboardServer(host: "127.0.0.1", port: port, hlsDirectory: "/nonexistent") { nil }
                let error = await #expect(throws: ListenError.portOccupied(host: "127.0.0.1", port: port)) {
                    try await second.run { _ in }
                }
                let sentence = error.map { "\($0)" } ?? ""
                #expect(sentence.contains("127.0.0.1:\(port)"))
                #expect(sentence.contains("another port"))
                // The first one is unharmed.
                try await #expect(RawClient.get("/healthz", port: port).status == 200)
            }
        }

        @Test(arguments: ["example.invalid", "", "300.1.1.1"])
        func `A host that is no address is named`(host: String) async {
            let server = DashboardServer(host: host, port: 0, hlsDirectory: "/nonexistent") { nil }
            await #expect(throws: ListenError.self) { try await server.run { _ in } }
        }

        @Test func `The port is free again after stop`() async throws {
            let station = Station()
            let first = DashboardServer(host: "127.0.0.1", port: 0, hlsDirectory: "/nonexistent") { station.status }
            let (ports, announce) = AsyncStream.makeStream(of: Int.self)
            try await withRunning(first) { announce.yield($0) }
            announce.finish()
            for await port in ports {
                let second = DashboardServer(host: "127.0.0.1", port: port, hlsDirectory: "/nonexistent") {
                    station.status
                }
                try await withRunning(second) { again in
                    #expect(again == port)
                    try await #expect(RawClient.get("/healthz", port: again).status == 200)
                }
            }
        }
    }
}
