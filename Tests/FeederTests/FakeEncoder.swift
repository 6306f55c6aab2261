import Domain
import Foundation
import IPC
import Platform

/// An encoder that greets one feeder, swallows what it sends and remembers the items.
final class FakeEncoder: Sendable {
    let path: String
    private let listener: FileDescriptor
    private let socket = Monitor<FileDescriptor?>(nil)
    private let seen = Monitor<[FeedBlock]>([])

    init(path: String, greeting: FeedGreeting) throws {
        self.path = path
        listener = try UnixSocket.listen(at: path, mode: 0o600)
        NamedThread.start("fake-encoder") { [self] in try? serve(greeting) }
    }

    /// The items begun so far, in order.
    var items: [FeedItem] { seen.read { $0.compactMap(\.item) } }
    /// True once the feeder said that nothing more is to air.
    var isOffAir: Bool { seen.read { $0.last?.offAir ?? false } }

    /// Says how far the listeners are.
    func acknowledge(_ frame: Int) throws {
        guard let socket = socket.read({ $0 }) else { return }
        try socket.send(all: Array(StationJSON.encode(FeedAck(heardFrame: frame))) + [10])
    }

    func close() {
        listener.shutDown()
        socket.read { $0 }?.shutDown()
    }

    private func serve(_ greeting: FeedGreeting) throws {
        let connection = try UnixSocket.accept(on: listener)
        socket.withLock { $0 = connection }
        try connection.send(all: Array(StationJSON.encode(greeting)) + [10])
        var pending: [UInt8] = []
        while true {
            let bytes = try connection.read(upTo: 65_536)
            if bytes.isEmpty { return }
            pending += bytes
            while let end = pending.firstIndex(of: 10) {
                let block = try StationJSON.decode(FeedBlock.self, from: Data(pending[..<end]))
                let size = end + 1 + block.frames * StationAudio.bytesPerFrame
                while pending.count < size { pending += try connection.read(upTo: 65_536) }
                pending.removeFirst(size)
                seen.withLock { $0.append(block) }
            }
        }
    }
}
