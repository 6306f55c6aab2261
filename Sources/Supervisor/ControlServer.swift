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

        fileprivate init(channel: LineChannel, mayChange: Bool) {
            self.channel = channel
            self.mayChange = mayChange
        }
    }

    private static let clientsMax = 32

    let listener: FileDescriptor
    private let path: String
    private(set) var clients: [Client] = []

    /// Binds `path`, readable and writable for the owner and the group.
    init(path: String) throws(SystemError) {
        listener = try UnixSocket.listen(at: path, mode: 0o660)
        try listener.setNonBlocking()
        self.path = path
    }

    func acceptWaiting() {
        while let socket = try? UnixSocket.accept(on: listener) {
            guard clients.count < Self.clientsMax, let channel = try? LineChannel(socket),
                let peer = try? UnixSocket.peer(of: socket)
            else { continue }
            clients.append(Client(channel: channel, mayChange: peer.uid == geteuid() || peer.uid == 0))
        }
    }

    func dropClosed() { clients.removeAll { !$0.channel.isOpen } }

    func close() {
        clients = []
        unlink(path)
    }
}
