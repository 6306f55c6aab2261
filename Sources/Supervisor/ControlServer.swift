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
        /// Monotonic seconds.
        var lastHeardAt: Double

        fileprivate init(channel: LineChannel, mayChange: Bool, now: Double) {
            self.channel = channel
            self.mayChange = mayChange
            lastHeardAt = now
        }
    }

    static let clientsMax = 32
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
    func acceptWaiting(now: Double) {
        for _ in 0..<Self.acceptedAtOnceMax {
            guard let socket = try? UnixSocket.accept(on: listener) else { return }
            guard let channel = try? LineChannel(socket), let peer = try? UnixSocket.peer(of: socket) else { continue }
            if clients.count >= Self.clientsMax,
                let silent = clients.indices.min(by: { clients[$0].lastHeardAt < clients[$1].lastHeardAt })
            {
                clients.remove(at: silent)
            }
            clients.append(
                Client(channel: channel, mayChange: peer.uid == geteuid() || peer.uid == 0, now: now))
        }
    }

    func dropClosed() { clients.removeAll { !$0.channel.isOpen } }

    func close() {
        clients = []
        unlink(path)
    }
}
