internal import Domain
internal import FoundationEssentials
internal import Glibc
internal import IPC
internal import Platform

/// The encoder's side of the feed socket: one feeder at a time, the newest wins.
final class FeedServer: Sendable {
    private let listener: FileDescriptor
    private let path: String
    private let stop: StopSignal
    private let current = Monitor<FileDescriptor?>(nil)

    /// Binds the socket. Only this user's processes may feed the station.
    /// - Throws: EADDRINUSE while another encoder answers there.
    init(path: String, stop: StopSignal) throws(SystemError) {
        listener = try UnixSocket.listen(at: path, mode: 0o600)
        self.path = path
        self.stop = stop
    }

    /// Takes sound into `cushion` from now on.
    func start(_ cushion: Cushion) {
        NamedThread.start("feed-accept") { [self] in
            while !stop.isGiven {
                guard let socket = try? UnixSocket.accept(on: listener) else {
                    // Out of descriptors or the like: it may pass.
                    stop.wait(seconds: 0.2)
                    continue
                }
                // An old feeder that still hangs on must not keep a new one out.
                let previous = current.withLock { existing in
                    defer { existing = socket }
                    return existing
                }
                if let previous { previous.shutDown() }
                NamedThread.start("feed") { [self] in serve(socket, cushion) }
            }
        }
    }

    /// Ends the conversation, so that the threads let go.
    func close() {
        // First, and only here: as soon as nobody answers, the path may be a new encoder's.
        unlink(path)
        if let socket = current.read({ $0 }) { socket.shutDown() }
        listener.shutDown()
    }

    private func serve(_ socket: FileDescriptor, _ cushion: Cushion) {
        defer { current.withLock { if $0 === socket { $0 = nil } } }
        let ended = Monitor(false)
        do {
            let owner = ObjectIdentifier(socket)
            try send(cushion.open(for: owner), to: socket)
            NamedThread.start("feed-ack") { [self] in acknowledge(socket, cushion, ended: ended) }
            var reader = FeedReader(socket)
            while let (block, bytes) = try reader.next() {
                if try !cushion.append(block, bytes: bytes, owner: owner, stop: stop) { break }
            }
        } catch let error as EncoderError {
            Log.warning("feed: \(error)")
            try? send(FeedAck(heardFrame: cushion.heardFrame, refusal: error.description), to: socket)
        } catch {
            // The feeder has gone; it will come back.
        }
        ended.withLock { $0 = true }
        socket.shutDown()
    }

    private func acknowledge(_ socket: FileDescriptor, _ cushion: Cushion, ended: Monitor<Bool>) {
        var sent = -1
        while ended.wait(timeoutSeconds: 0.25, until: { $0 ? true : nil }) == nil {
            let heard = cushion.heardFrame
            if heard == sent { continue }
            sent = heard
            guard (try? send(FeedAck(heardFrame: heard), to: socket)) != nil else { return }
        }
    }

    private func send(_ value: some Encodable, to socket: FileDescriptor) throws {
        try socket.send(all: Array(StationJSON.encode(value)) + [UInt8(ascii: "\n")])
    }
}

/// Cuts the feeder's stream into blocks: a line of JSON, then PCM.
struct FeedReader {
    private let socket: FileDescriptor
    private var pending: [UInt8] = []
    private var used = 0
    private static let lineBytesMax = 65_536

    init(_ socket: FileDescriptor) { self.socket = socket }

    /// The next whole block; nil at the end, where half a block is as good as none.
    mutating func next() throws -> (FeedBlock, [UInt8])? {
        guard let line = try nextLine() else { return nil }
        let block: FeedBlock
        do {
            block = try StationJSON.decode(FeedBlock.self, from: Data(line))
        } catch {
            throw EncoderError.unreadableFeed("\(error)")
        }
        guard (0...FeedBlock.framesMax).contains(block.frames) else {
            throw EncoderError.unreadableFeed("a block of \(block.frames) frames")
        }
        guard let bytes = try take(block.frames * StationAudio.bytesPerFrame) else { return nil }
        return (block, bytes)
    }

    private mutating func nextLine() throws -> [UInt8]? {
        while true {
            if let end = pending[used...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { used = end + 1 }
                return Array(pending[used..<end])
            }
            guard pending.count - used <= Self.lineBytesMax else {
                throw EncoderError.unreadableFeed("a line without an end")
            }
            guard try fill() else { return nil }
        }
    }

    private mutating func take(_ count: Int) throws -> [UInt8]? {
        while pending.count - used < count {
            guard try fill() else { return nil }
        }
        defer { used += count }
        return Array(pending[used..<used + count])
    }

    private mutating func fill() throws -> Bool {
        pending.removeFirst(used)
        used = 0
        let bytes = try socket.read(upTo: 65_536)
        pending += bytes
        return !bytes.isEmpty
    }
}
