internal import Glibc
public import Platform
internal import Synchronization

/// One end of a JSON-RPC conversation on a blocking stream socket: requests go out with a deadline, what comes in is
/// handed to a handler on the reading thread.
public final class LineConnection: Sendable {
    /// Answers a request (nil is answered as `null`) or takes a notification (what it returns is dropped).
    public typealias Handler = @Sendable (_ method: Method, _ parameters: JSONValue) throws -> JSONValue

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
    private let writing = Mutex(())
    /// One byte a change of `state`, so that a waiting request can sleep in poll with a deadline.
    private let changed: (read: FileDescriptor, write: FileDescriptor)

    public init(_ descriptor: FileDescriptor) throws(SystemError) {
        self.descriptor = descriptor
        changed = try FileDescriptor.pipe()
        try changed.read.setNonBlocking()
        try changed.write.setNonBlocking()
    }

    /// Starts the reading thread.
    /// - Parameter closed: called once, on that thread, when the peer has gone or has sent what cannot be read.
    public func start(handler: @escaping Handler, closed: @escaping @Sendable (WireError) -> Void) {
        NamedThread.start("ipc") { [self] in
            var lines = LineBuffer()
            var reason = WireError.closed
            reading: while true {
                do {
                    let bytes = try descriptor.read(upTo: 65_536)
                    if bytes.isEmpty { break }
                    for line in try lines.add(bytes) { receive(line, handler: handler) }
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

    /// Ends the conversation, and with it the reading thread.
    public func close() { descriptor.shutDown() }

    /// Sends a notification.
    public func notify(_ method: Method, _ parameters: some Encodable) throws {
        try send(.notification(method: method.rawValue, parameters: JSONValue(encoding: parameters)))
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

    private func receive(_ line: [UInt8], handler: Handler) {
        let message: Message
        do {
            message = try Message(line: line)
        } catch {
            try? send(.failure(id: nil, code: Message.Code.malformed, message: error.description))
            return
        }
        switch message {
        case .request(let id, let method, let parameters):
            try? send(Self.answer(id: id) { try handler(Method(known: method), parameters) })
        case .notification(let method, let parameters):
            _ = try? handler(Method(known: method), parameters)
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
        let failure: SystemError? = writing.withLock { _ in
            do throws(SystemError) { try descriptor.send(all: line) } catch { return error }
            return nil
        }
        if let failure { throw failure.code == EPIPE ? .closed : .system(failure) }
    }

    private func signalChange() { try? changed.write.write(all: [1]) }
}
