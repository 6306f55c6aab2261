internal import FlyingSocks

/// A subscription as the body of an HTTP response (`text/event-stream`).
struct EventStream: AsyncBufferedSequence {
    typealias Element = UInt8

    let events: AsyncStream<[UInt8]>

    func makeAsyncIterator() -> Iterator { Iterator(events: events.makeAsyncIterator()) }

    struct Iterator: AsyncBufferedIteratorProtocol {
        var events: AsyncStream<[UInt8]>.Iterator
        private var preambleSent = false
        private var rest: ArraySlice<UInt8> = []

        init(events: AsyncStream<[UInt8]>.Iterator) { self.events = events }

        mutating func next() async throws -> UInt8? {
            if rest.isEmpty { rest = try await nextBuffer(suggested: 1)?[...] ?? [] }
            return rest.popFirst()
        }

        /// One whole event, longer than suggested or not: half an event is of no use to a reader.
        mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
            if preambleSent { return await events.next() }
            preambleSent = true
            // How long a browser waits before it connects again.
            return Array("retry: 1000\n\n".utf8)
        }
    }
}
