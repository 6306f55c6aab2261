internal import Glibc
internal import IPC
internal import Platform

/// The control socket: JSON-RPC lines from `lofisup ctl`, or from `socat` by hand. Nothing here ever blocks.
final class ControlServer {
    /// One connection.
    final class Client {
        let channel: LineChannel
        /// True for the owner of the station and for root, who may change things; the group may look.
        let mayChange: Bool
        /// Who asks, for the book of events.
        let uid: UInt32
        /// Monotonic seconds.
        var lastHeardAt: Double
        fileprivate var pending: [Pending] = []

        fileprivate init(channel: LineChannel, mayChange: Bool, uid: UInt32, now: Double) {
            self.channel = channel
            self.mayChange = mayChange
            self.uid = uid
            lastHeardAt = now
        }
    }

    /// A request whose answer is not there yet.
    fileprivate struct Pending {
        let id: Int
        let deadline: Double
        let attempt: () throws -> JSONValue?
        /// The answer when the time is up.
        let fallback: () throws -> JSONValue
    }

    static let clientsMax = 32
    private static let pendingMax = 16
    private static let acceptedAtOnceMax = 64

    let listener: FileDescriptor
    private let path: String
    private(set) var clients: [Client] = []

    /// Binds `path`, readable and writable for the owner and the group.
    init(path: String) throws(SystemError) {
        listener = try UnixSocket.listen(at: path, mode: 0o660)
        try listener.setNonBlocking()
        self.path = path
    }

    /// Takes in who waits. Where there are too many, whoever has been silent longest gives way: idle connections must
    /// not lock an operator out.
    /// - Parameters:
    ///   - welcome: told of each new client.
    ///   - farewell: told of each that had to go.
    func acceptWaiting(now: Double, welcome: (Client) -> Void, farewell: (Client) -> Void) {
        for _ in 0..<Self.acceptedAtOnceMax {
            let socket: FileDescriptor
            do {
                socket = try UnixSocket.accept(on: listener)
            } catch {
                // Left waiting it would call the loop again and again.
                if error.code == EMFILE || error.code == ENFILE, dropMostSilent(farewell) { continue }
                return
            }
            guard let channel = try? LineChannel(socket), let peer = try? UnixSocket.peer(of: socket) else { continue }
            if clients.count >= Self.clientsMax { dropMostSilent(farewell) }
            let mayChange = peer.uid == geteuid() || peer.uid == 0
            let client = Client(channel: channel, mayChange: mayChange, uid: peer.uid, now: now)
            clients.append(client)
            welcome(client)
        }
    }

    /// Lets go of some of those that have been silent longest, when descriptors are short.
    func makeRoom(farewell: (Client) -> Void) {
        for _ in 0..<Self.madeRoomCount where !dropMostSilent(farewell) { return }
    }

    /// As many as the start of a worker takes, and a few more.
    private static let madeRoomCount = 8

    /// False when there is nobody.
    @discardableResult
    private func dropMostSilent(_ farewell: (Client) -> Void) -> Bool {
        let silent = clients.indices.min { clients[$0].lastHeardAt < clients[$1].lastHeardAt }
        guard let silent else { return false }
        farewell(clients.remove(at: silent))
        return true
    }

    /// Answers request `id` of `client` as soon as `attempt` has an answer, and with `fallback` at `deadline`.
    func answer(
        _ client: Client, id: Int, deadline: Double, attempt: @escaping () throws -> JSONValue?,
        fallback: @escaping () throws -> JSONValue
    ) {
        guard client.pending.count < Self.pendingMax else {
            let words = "more than \(Self.pendingMax) requests wait on this connection"
            client.channel.send(.failure(id: id, code: Message.Code.failed, message: words))
            return
        }
        client.pending.append(Pending(id: id, deadline: deadline, attempt: attempt, fallback: fallback))
    }

    /// Gives the answers that are there by now.
    func answerWaiting(now: Double) {
        for client in clients where !client.pending.isEmpty {
            client.pending.removeAll { pending in
                let isLate = now >= pending.deadline
                var isAnswered = true
                let answer = LineConnection.answer(id: pending.id) {
                    if let value = try pending.attempt() { return value }
                    if isLate { return try pending.fallback() }
                    isAnswered = false
                    return .null
                }
                if isAnswered {
                    client.channel.send(answer)
                    client.lastHeardAt = now
                }
                return isAnswered
            }
        }
    }

    /// When the next answer is due, whatever happens.
    var deadline: Double { clients.flatMap(\.pending).map(\.deadline).min() ?? .infinity }

    /// Lets go of who has gone.
    func dropClosed(farewell: (Client) -> Void) {
        for client in clients where !client.channel.isOpen { farewell(client) }
        clients.removeAll { !$0.channel.isOpen }
    }

    func close() {
        for client in clients { client.channel.flush() }
        clients = []
        unlink(path)
    }
}
