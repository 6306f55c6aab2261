import Domain
import FoundationEssentials
import Platform
import Synchronization
import Testing

@testable import Dashboard

extension DashboardTests {
    @Suite("Events")
    struct EventTests {
        @Test func `The present status comes at once, and a change within the next beats`() async throws {
            let station = Station()
            try await withDashboard(station) { port in
                try await onThread {
                    let client = try RawClient(port: port)
                    client.askForEvents()
                    let head = try client.receive(until: "\n\n")
                    #expect(head.hasPrefix("HTTP/1.1 200"))
                    #expect(head.lowercased().contains("content-type: text/event-stream"))
                    let first = head.contains("veranda") ? "" : try client.receive(until: "veranda")
                    #expect((head + first).contains("event: status\ndata: {"))
                    station.status = .make(title: "Midnight chai at the station")
                    _ = try client.receive(until: "Midnight chai at the station")
                    station.status = nil
                    #expect(try client.receive(until: "does not answer").contains("event: away"))
                    station.status = .make(title: "Back again")
                    _ = try client.receive(until: "Back again")
                }
            }
        }

        @Test func `A client that comes again gets the present status, with a later id`() async throws {
            try await withDashboard { port in
                let ids = try await onThread {
                    try (0..<2).map { _ in
                        let client = try RawClient(port: port)
                        client.askForEvents()
                        return try client.firstEventID()
                    }
                }
                #expect(ids[0] > 0)
                #expect(ids[1] >= ids[0])
            }
        }

        @Test func `A client that left is forgotten`() async throws {
            let server = DashboardServer(Station())
            try await withRunning(server) { port in
                try await onThread {
                    let client = try RawClient(port: port)
                    client.askForEvents()
                    _ = try client.firstEventID()
                    #expect(server.openEventStreams == 1)
                }
                try await onThread {
                    let clock = SystemClock()
                    let deadline = clock.monotonicSeconds + 10
                    while server.openEventStreams > 0, clock.monotonicSeconds < deadline { clock.sleep(seconds: 0.02) }
                }
                #expect(server.openEventStreams == 0)
            }
        }

        @Test func `However many listen, the supervisor is asked once a beat`() async throws {
            let asked = Mutex(0)
            let hub = StatusHub {
                asked.withLock { $0 += 1 }
                return .make()
            }
            hub.refresh()
            let streams = (0..<StatusHub.subscribersMax).compactMap { _ in hub.subscribe() }
            #expect(streams.count == StatusHub.subscribersMax)
            #expect(hub.subscribe() == nil)
            hub.refresh()
            #expect(asked.withLock { $0 } == 2)
            hub.finish()
            for stream in streams {
                var events: [[UInt8]] = []
                for await event in stream { events.append(event) }
                // Nobody read between the two: the newer one took the place of the older.
                #expect(events.count == 1)
                #expect(String(decoding: events.first ?? [], as: UTF8.self).hasPrefix("id: 2\n"))
            }
            #expect(hub.subscriberCount == 0)
            #expect(hub.subscribe() == nil)
        }

        @Test func `A reader that never reads delays nobody`() async throws {
            let station = Station()
            try await withDashboard(station) { port in
                try await onThread {
                    let deaf = try RawClient(port: port, receiveBufferBytes: 4096)
                    deaf.askForEvents()
                    let client = try RawClient(port: port)
                    client.askForEvents()
                    _ = try client.receive(until: "veranda")
                    for round in 1...3 {
                        station.status = .make(title: "Round \(round)")
                        _ = try client.receive(until: "Round \(round)")
                    }
                    withExtendedLifetime(deaf) {}
                }
            }
        }
    }
}

extension RawClient {
    fileprivate func askForEvents() {
        send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
    }

    fileprivate func firstEventID() throws -> Int {
        let text = try receive(until: "event: status")
        let line = text.split(whereSeparator: \.isNewline).last { $0.hasPrefix("id: ") }
        return line.flatMap { Int($0.dropFirst(4)) } ?? 0
    }
}
