public import IPC
import Platform
import Synchronization

/// A station of which nothing is there but its control socket: a real Unix socket with a handler behind it.
public final class FakeStation: Sendable {
    private let listener: FileDescriptor
    private let clients = Mutex<[LineConnection]>([])

    /// - Parameters:
    ///   - socket: where it listens. A question is answered on a thread of its connection, which may wait.
    ///   - answer: what it says; what it throws goes back as a refusal.
    public init(socket: String, answer: @escaping LineConnection.Handler) throws {
        listener = try UnixSocket.listen(at: socket, mode: 0o600)
        NamedThread.start("fake station") { [self] in
            while let accepted = try? UnixSocket.accept(on: listener) {
                guard let connection = try? LineConnection(accepted) else { continue }
                clients.withLock { $0.append(connection) }
                connection.start(handler: answer) { _ in }
            }
        }
    }

    /// Goes away as a process does that is killed: nothing is said, and the socket's file stays.
    public func end() {
        listener.shutDown()
        clients.withLock { all in
            for client in all { client.close() }
            all = []
        }
    }
}
