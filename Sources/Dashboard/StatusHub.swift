internal import Domain
internal import FoundationEssentials
internal import Platform
internal import Synchronization

/// The status as it was last read, and everyone who wants the next one.
///
/// The supervisor is asked once a beat, however many look.
final class StatusHub: Sendable {
    /// More than a household of tabs; each costs one write a second.
    static let subscribersMax = 48

    /// One reading, ready for the wire.
    struct Reading: Sendable {
        /// Grows by one each reading: the event's id.
        var number = 0
        /// The JSON of a `StationStatus`; nil while the supervisor does not answer.
        var json: Data?
        /// The same as a server-sent event.
        var event: [UInt8] = []
    }

    private struct State {
        var reading = Reading()
        var subscribers: [Int: AsyncStream<[UInt8]>.Continuation] = [:]
        var lastSubscriber = 0
        var finished = false
    }

    static let awayJSON = Data(#"{"error":"the supervisor does not answer"}"#.utf8)

    private let status: @Sendable () -> StationStatus?
    private let state = Mutex(State())

    init(status: @escaping @Sendable () -> StationStatus?) { self.status = status }

    var reading: Reading { state.withLock { $0.reading } }
    var subscriberCount: Int { state.withLock { $0.subscribers.count } }

    /// Reads the status and hands it to every subscriber. Blocks for as long as the reading takes.
    func refresh() {
        let json = status().flatMap { try? StationJSON.encode($0) }
        let subscribers = state.withLock {
            $0.reading.number += 1
            $0.reading.json = json
            $0.reading.event = Self.event(number: $0.reading.number, json: json)
            return Array($0.subscribers.values)
        }
        let event = reading.event
        for subscriber in subscribers { subscriber.yield(event) }
    }

    /// Events from now on, the present one first. A reader that is too slow misses events, never delays them.
    /// Nil when too many listen already.
    func subscribe() -> AsyncStream<[UInt8]>? {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(1))
        let number: Int? = state.withLock {
            guard !$0.finished, $0.subscribers.count < Self.subscribersMax else { return nil }
            $0.lastSubscriber += 1
            $0.subscribers[$0.lastSubscriber] = continuation
            return $0.lastSubscriber
        }
        guard let number else { return nil }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.subscribers.removeValue(forKey: number) }
        }
        continuation.yield(reading.event)
        return stream
    }

    /// Ends every stream, and lets none begin.
    func finish() {
        let subscribers = state.withLock {
            $0.finished = true
            return Array($0.subscribers.values)
        }
        for subscriber in subscribers { subscriber.finish() }
    }

    private static func event(number: Int, json: Data?) -> [UInt8] {
        let name = json == nil ? "away" : "status"
        // `retry` is how long a browser waits before it connects again.
        var bytes = Array("id: \(number)\nretry: 1000\nevent: \(name)\ndata: ".utf8)
        bytes.append(contentsOf: json ?? awayJSON)
        bytes.append(contentsOf: Array("\n\n".utf8))
        return bytes
    }
}
