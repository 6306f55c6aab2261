import Domain
import FoundationEssentials
import Glibc
import HTTPServing
import Platform
import TestSupport
import Testing

@testable import Dashboard

extension DashboardTests {
    @Suite("Clients that hang, dawdle and flood")
    struct WardenTests {
        private static let strict = ConnectionLimits(
            connectionsMax: 8, requestBytesMax: 16 << 10, requestSecondsMax: 0.4, stalledSecondsMax: 0.6,
            idleSecondsMax: 0.8, sweepSeconds: 0.1)

        private func withStrict(
            hlsDirectory: String = "/nonexistent", _ limits: ConnectionLimits = strict,
            _ body: @escaping @Sendable (Int) async throws -> Void
        ) async throws {
            let server = DashboardServer(hlsDirectory: hlsDirectory, limits: limits, Station())
            try await withRunning(server, body)
        }

        @Test func `A connection that asks for nothing is closed`() async throws {
            try await withStrict { port in
                let ended = try await onThread { try RawClient(port: port).waitsForEnd() }
                #expect(ended)
            }
        }

        @Test func `A request that never ends is closed, and the next client is answered`() async throws {
            try await withStrict { port in
                let ended = try await onThread {
                    let slow = try RawClient(port: port)
                    slow.send("GET / HTTP/1.1\r\nHost: local")
                    return slow.waitsForEnd()
                }
                #expect(ended)
                try await #expect(RawClient.get("/healthz", port: port).status == 200)
            }
        }

        @Test func `A head without end is cut off, and soon`() async throws {
            try await withStrict { port in
                let (sentBytes, hungUp) = try await onThread {
                    let flood = try RawClient(port: port)
                    flood.send("GET / HTTP/1.1\r\nX: ")
                    let piece = String(repeating: "a", count: 8192)
                    var count = 0
                    while count < 1 << 14, flood.send(piece) { count += 1 }
                    return (count * piece.utf8.count, flood.wasHungUp)
                }
                #expect(hungUp)
                #expect(sentBytes < 48 << 20)
                try await #expect(RawClient.get("/healthz", port: port).status == 200)
            }
        }

        @Test func `A client that stops reading in the middle is closed, and others are served meanwhile`() async throws
        {
            try await withTemporaryDirectory { directory in
                try Data(count: 24 << 20).write(to: URL(filePath: "\(directory)/seg.m4s"))
                try await withStrict(hlsDirectory: directory) { port in
                    let stuck = try RawClient(port: port, receiveBufferBytes: 4096)
                    stuck.send("GET /hls/seg.m4s HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    let whole = try await RawClient.get("/hls/seg.m4s", port: port)
                    #expect(whole.body.count == 24 << 20)
                    try await onThread {
                        try eventually(within: 10, "the one that stopped reading is hung up on") { stuck.wasHungUp }
                    }
                }
            }
        }

        @Test func `A crowd of idle connections gives way, and the one that listens stays`() async throws {
            var limits = Self.strict
            limits.idleSecondsMax = 60
            try await withStrict(limits) { port in
                try await onThread {
                    let listener = try RawClient(port: port)
                    listener.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    _ = try listener.receive(until: "veranda")
                    let crowd = try (0..<30).map { _ in try RawClient(port: port) }
                    // The oldest of the crowd goes first.
                    #expect(crowd[0].waitsForEnd())
                    for _ in 0..<2 { _ = try listener.receive(until: "veranda") }
                    withExtendedLifetime(crowd) {}
                }
                try await #expect(RawClient.get("/healthz", port: port).status == 200)
            }
        }

        @Test func `Garbage ends a connection and nothing else`() async throws {
            try await withStrict { port in
                try await onThread {
                    for text in [
                        "\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n",
                        "GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                    ] {
                        let client = try RawClient(port: port)
                        client.send(text)
                        #expect(client.waitsForEnd(), "\(text.debugDescription)")
                    }
                }
                try await #expect(RawClient.get("/healthz", port: port).status == 200)
            }
        }
    }
}

extension RawClient {
    /// True once the other side has ended or reset the connection, whether or not all it sent was read.
    fileprivate var wasHungUp: Bool {
        var look = pollfd(fd: socket, events: Int16(0x2000), revents: 0)  // POLLRDHUP
        return poll(&look, 1, 0) > 0
    }
}
