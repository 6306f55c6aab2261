import Domain
import Glibc
import IPC
import Platform
import Synchronization
import TestSupport
import Testing

struct ControlClientTests {
    @Test("what the supervisor refuses comes in its own words")
    func refusal() throws {
        try withTemporaryDirectory { directory in
            let station = try FakeStation(socket: directory + "/s") { method, _ in
                if method == .scale { throw WireError.refused(code: 1, message: "two cores bear two generators") }
                throw method.isUnknownHere
            }
            defer { station.end() }
            let client = try ControlClient(path: directory + "/s")
            #expect(client.supervisorPID == getpid())
            func scale() throws(WireError) -> OperationStatus {
                try client.ask(.scale, ScaleOrder(role: "generator", count: 9))
            }
            #expect(throws: WireError.refused(code: 1, message: "two cores bear two generators")) { try scale() }
            #expect(throws: WireError.refused(code: Message.Code.unknownMethod, message: "unknown method plan")) {
                try client.plan()
            }
        }
    }

    @Test("a supervisor that stands still is found out, and neither a question nor a connection waits for ever")
    func frozen() throws {
        try withTemporaryDirectory { directory in
            let listener = try UnixSocket.listen(at: directory + "/s", mode: 0o600, backlog: 1)
            let clock = SystemClock()
            let began = clock.monotonicSeconds
            let client = try ControlClient(path: directory + "/s", timeoutSeconds: 1)
            func ping() throws(WireError) -> [String: String] {
                try client.ask(.ping, [String: String](), timeoutSeconds: 0.3)
            }
            #expect(throws: WireError.timedOut(method: "ping", seconds: 0.3)) { try ping() }
            var waiting: [ControlClient] = []
            var refusal: SystemError?
            while refusal == nil, waiting.count < 20 {
                do throws(SystemError) {
                    waiting.append(try ControlClient(path: directory + "/s", timeoutSeconds: 0.3))
                } catch { refusal = error }
            }
            #expect(refusal?.code == ETIMEDOUT)
            #expect(clock.monotonicSeconds - began < 5)
            withExtendedLifetime(listener) {}
        }
    }

    @Test("a feed is followed over a restart of the supervisor without a gap and without a line twice")
    func follow() throws {
        try withTemporaryDirectory { directory in
            let kept = Feed(1...3)
            let first = try FakeStation(socket: directory + "/s", answer: kept.answer)
            let follower = try FeedFollower(.events, from: FeedQuery(since: 1)) { () throws(SystemError) in
                try ControlClient(path: directory + "/s")
            }
            #expect(try numbers(follower.next()) == [2, 3])
            kept.grow(to: 4)
            #expect(try numbers(follower.next()) == [4])
            first.end()
            #expect(try follower.next() == .away(.closed))
            kept.grow(to: 9)
            let second = try FakeStation(socket: directory + "/s", answer: kept.answer)
            defer { second.end() }
            #expect(try follower.next() == .back)
            #expect(try numbers(follower.next()) == [5, 6, 7, 8, 9])
            follower.cancel()
            #expect(try follower.next() == nil)
        }
    }

    @Test("a supervisor that counts anew is told of, and then heard from its first entry on")
    func anew() throws {
        try withTemporaryDirectory { directory in
            let first = try FakeStation(socket: directory + "/s", answer: Feed(1...50).answer)
            let follower = try FeedFollower(.logs, from: FeedQuery(countMax: 2)) { () throws(SystemError) in
                try ControlClient(path: directory + "/s")
            }
            #expect(try numbers(follower.next()) == [49, 50])
            first.end()
            #expect(try follower.next() == .away(.closed))
            let second = try FakeStation(socket: directory + "/s", answer: Feed(1...2).answer)
            defer { second.end() }
            #expect(try follower.next() == .back)
            #expect(try follower.next() == .anew)
            #expect(try numbers(follower.next()) == [1, 2])
        }
    }

    @Test("whoever waits for news is woken when it is called off")
    func cancel() throws {
        try withTemporaryDirectory { directory in
            let station = try FakeStation(socket: directory + "/s", answer: Feed(1...1).answer)
            defer { station.end() }
            let follower = try FeedFollower(.events, from: FeedQuery(since: 1)) { () throws(SystemError) in
                try ControlClient(path: directory + "/s")
            }
            let clock = SystemClock()
            let began = clock.monotonicSeconds
            NamedThread.start("cancel") {
                SystemClock().sleep(seconds: 0.3)
                follower.cancel()
            }
            #expect(try follower.next() == nil)
            #expect(clock.monotonicSeconds - began < 3)
        }
    }

    private func numbers(_ news: FeedFollower.News?) -> [Int]? {
        if case .page(let page) = news { page.entries.map(\.number) } else { nil }
    }
}

/// Entries that a fake supervisor has, with long polls as the real one answers them.
private final class Feed: Sendable {
    private let last: Monitor<Int>
    private let first: Int

    init(_ numbers: ClosedRange<Int>) {
        first = numbers.lowerBound
        last = Monitor(numbers.upperBound)
    }

    func grow(to number: Int) { last.withLock { $0 = number } }

    @Sendable func answer(_ method: IPC.Method, _ parameters: IPC.JSONValue) throws -> IPC.JSONValue {
        let query = try parameters.decoded(as: FeedQuery.self)
        let first = first
        let newest =
            last.wait(timeoutSeconds: query.waitSeconds) { $0 > query.since ?? 0 ? $0 : nil } ?? last.read { $0 }
        let from = max(query.since.map { $0 + 1 } ?? newest - query.countMax + 1, first)
        let entries = (from...max(from, newest)).filter { $0 <= newest }.map {
            FeedEntry(number: $0, time: 0, worker: nil, kind: "started", text: "")
        }
        return try IPC.JSONValue(encoding: FeedPage(entries: entries, lost: 0, next: newest))
    }
}
