internal import Glibc
public import Platform
internal import Synchronization

/// One end of a JSON-RPC conversation on a stream socket: requests go out with a deadline, what comes in is handed to a
/// handler on the reading thread. Sending never waits for the peer: what it does not take now goes out when it reads.
public final class LineConnection: Sendable {
    /// Answers a request (nil is answered as `null`) or takes a notification (what it returns is dropped).
    public typealias Handler = @Sendable (_ method: Method, _ parameters: JSONValue) throws -> JSONValue

    /// Answers one request, from whatever thread has the answer; of a notification there is nothing to answer.
    struct Reply: Sendable {
        fileprivate let connection: LineConnection
        fileprivate let id: Int?

        func callAsFunction(_ body: () throws -> JSONValue) {
            let result = Result { try body() }
            if let id { try? connection.send(LineConnection.answer(id: id) { try result.get() }) }
        }
    }

    /// Takes over what it cannot answer at once. False leaves it to the handler.
    typealias Later = @Sendable (_ method: Method, _ parameters: JSONValue, _ reply: Reply) -> Bool

    private enum Slot {
        case waiting
        case answered(Message)
    }

    private struct State {
        var nextID = 1
        var slots: [Int: Slot] = [:]
        var closed = false
    }

    private let descriptor: FileDescriptor
    private let state = Mutex(State())
    private let outbox = Mutex(Outbox())
    /// One byte when something waits in the outbox: the reading thread sends it when there is room.
    private let waiting: (read: FileDescriptor, write: FileDescriptor)
    /// One byte a change of `state`, so that a waiting request can sleep in poll with a deadline.
    private let changed: (read: FileDescriptor, write: FileDescriptor)

    public init(_ descriptor: FileDescriptor) throws(SystemError) {
        self.descriptor = descriptor
        changed = try FileDescriptor.pipe()
        try changed.read.setNonBlocking()
        try changed.write.setNonBlocking()
        waiting = try FileDescriptor.pipe()
        try waiting.read.setNonBlocking()
        try waiting.write.setNonBlocking()
    }

    /// How much the kernel keeps for a peer that does not read; it counts its own overhead too.
    func limitUnread(bytes: Int32) {
        var bytes = bytes
        setsockopt(descriptor.number, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Starts the reading thread.
    /// - Parameter closed: called once, on that thread, when the peer has gone or has sent what cannot be read.
    public func start(handler: @escaping Handler, closed: @escaping @Sendable (WireError) -> Void) {
        start(handler: handler, later: { _, _, _ in false }, closed: closed)
    }

    func start(handler: @escaping Handler, later: @escaping Later, closed: @escaping @Sendable (WireError) -> Void) {
        NamedThread.start("ipc") { [self] in
            var lines = LineBuffer()
            var reason = WireError.closed
            reading: while true {
                do {
                    guard try waitForBytes() else { continue }
                    let bytes = try descriptor.read(upTo: 65_536)
                    if bytes.isEmpty { break }
                    for line in try lines.add(bytes) { receive(line, handler: handler, later: later) }
                } catch let error as WireError {
                    reason = error
                    break reading
                } catch {
                    break reading
                }
            }
            state.withLock { $0.closed = true }
            signalChange()
            closed(reason)
        }
    }

    /// Sleeps until there is something to read or to send, and sends it. True when there is something to read.
    private func waitForBytes() throws -> Bool {
        let isFull = outbox.withLock { !$0.isEmpty }
        var watched = [
            pollfd(fd: descriptor.number, events: Int16(isFull ? POLLIN | POLLOUT : POLLIN), revents: 0),
            pollfd(fd: waiting.read.number, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&watched, nfds_t(watched.count), -1)
        if watched[1].revents != 0 { _ = try? waiting.read.read(upTo: 256) }
        // A peer that takes no more may still have said something: its end is known from reading.
        if Int32(watched[0].revents) & POLLOUT != 0 { flush() }
        return Int32(watched[0].revents) & ~POLLOUT != 0
    }

    private func flush() {
        outbox.withLock { outbox in
            do throws(SystemError) { try outbox.flush(to: descriptor) } catch { outbox = Outbox() }
        }
    }

    /// Ends the conversation, and with it the reading thread.
    public func close() { descriptor.shutDown() }

    /// Sends a notification.
    public func notify(_ method: Method, _ parameters: some Encodable) throws {
        try send(.notification(method: method.rawValue, parameters: JSONValue(encoding: parameters)))
    }

    /// Sends a notification that the next one makes good: left out while the peer does not read.
    /// - Returns: false when it was left out.
    func notifyUnlessBehind(_ method: Method, _ parameters: some Encodable) throws -> Bool {
        flush()
        guard outbox.withLock({ $0.isEmpty }) else { return false }
        try notify(method, parameters)
        return true
    }

    /// Sends a request and waits for its answer.
    /// - Throws: `WireError.refused` with the peer's words, `.timedOut`, `.closed`.
    public func request(
        _ method: Method, _ parameters: JSONValue = .object([:]), timeoutSeconds: Double
    ) throws(WireError) -> JSONValue {
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            state.slots[state.nextID] = .waiting
            return state.nextID
        }
        defer { state.withLock { $0.slots[id] = nil } }
        try send(.request(id: id, method: method.rawValue, parameters: parameters))
        let clock = SystemClock()
        let deadline = clock.monotonicSeconds + timeoutSeconds
        while true {
            let (answer, isClosed) = state.withLock { ($0.slots[id], $0.closed) }
            if case .answered(let message) = answer {
                if case .response(_, let result) = message { return result }
                if case .failure(_, let code, let text) = message { throw .refused(code: code, message: text) }
            }
            if isClosed { throw .closed }
            let left = deadline - clock.monotonicSeconds
            if left <= 0 { throw .timedOut(method: method.rawValue, seconds: timeoutSeconds) }
            var waiting = pollfd(fd: changed.read.number, events: Int16(POLLIN), revents: 0)
            // Another request's thread may take the byte, hence the short upper bound.
            _ = poll(&waiting, 1, Int32(min(left * 1000 + 1, 50)))
            _ = try? changed.read.read(upTo: 256)
        }
    }

    private func receive(_ line: [UInt8], handler: Handler, later: Later) {
        let message: Message
        do {
            message = try Message(line: line)
        } catch {
            try? send(.failure(id: nil, code: Message.Code.malformed, message: error.description))
            return
        }
        switch message {
        case .request(let id, let method, let parameters):
            let reply = Reply(connection: self, id: id)
            if let known = Method(rawValue: method), later(known, parameters, reply) { return }
            reply { try handler(Method(known: method), parameters) }
        case .notification(let method, let parameters):
            guard let known = Method(rawValue: method) else { return }
            if later(known, parameters, Reply(connection: self, id: nil)) { return }
            _ = try? handler(known, parameters)
        case .response(let id, _), .failure(.some(let id), _, _):
            // An answer nobody waits for any more came too late, and is dropped.
            state.withLock { if $0.slots[id] != nil { $0.slots[id] = .answered(message) } }
            signalChange()
        case .failure(nil, _, let text):
            Log.warning("the peer could not read a message: \(text)")
        }
    }

    /// The message that answers request `id` with what `body` returns or throws.
    public static func answer(id: Int, _ body: () throws -> JSONValue) -> Message {
        do {
            return .response(id: id, result: try body())
        } catch WireError.refused(let code, let text) {
            return .failure(id: id, code: code, message: text)
        } catch let error as WireError {
            return .failure(id: id, code: Message.Code.invalidParameters, message: error.description)
        } catch {
            return .failure(id: id, code: Message.Code.failed, message: "\(error)")
        }
    }

    private func send(_ message: Message) throws(WireError) {
        let line = try message.line()
        let (failure, isFull): (SystemError?, Bool) = outbox.withLock { outbox in
            do throws(SystemError) {
                try outbox.add(line, to: descriptor)
                return (nil, !outbox.isEmpty)
            } catch { return (error, false) }
        }
        if isFull { try? waiting.write.write(all: [1]) }
        if let failure { throw failure.code == EPIPE ? .closed : .system(failure) }
    }

    private func signalChange() { try? changed.write.write(all: [1]) }
}
