internal import Foundation
internal import IPC
internal import Platform

/// The feeder's side of the feed socket.
final class EncoderLine: Sendable {
    private struct State {
        var heardFrame: Int
        var refusal: String?
        var closed = false
    }

    let greeting: FeedGreeting
    private let socket: FileDescriptor
    private let state: Monitor<State>
    private static let greetingSecondsMax = 5.0

    /// Connects and waits for the greeting.
    init(path: String) throws {
        socket = try UnixSocket.connect(to: path)
        var lines = LineBuffer()
        var early: [[UInt8]] = []
        while early.isEmpty {
            // An encoder that hangs still has its connections accepted by the kernel.
            guard socket.waitReadable(timeoutSeconds: Self.greetingSecondsMax) else {
                throw WireError.timedOut(method: "the greeting", seconds: Self.greetingSecondsMax)
            }
            let bytes = try socket.read(upTo: 65_536)
            if bytes.isEmpty { throw WireError.closed }
            early = try lines.add(bytes)
        }
        greeting = try StationJSON.decode(FeedGreeting.self, from: Data(early[0]))
        state = Monitor(State(heardFrame: greeting.heardFrame))
        let rest = Array(early.dropFirst())
        NamedThread.start("feed-acks") { [self, lines] in listen(lines: lines, early: rest) }
    }

    /// Frames before this one have left the encoder.
    var heardFrame: Int { state.read { $0.heardFrame } }
    var isClosed: Bool { state.read { $0.closed } }
    var refusal: String? { state.read { $0.refusal } }

    /// Sends one block; waits while the encoder's cushion is full.
    /// - Parameter waiting: called about once a second meanwhile.
    func send(_ block: FeedBlock, samples: [Int16], waiting: () -> Void = {}) throws {
        var bytes = Array(try StationJSON.encode(block))
        bytes.append(UInt8(ascii: "\n"))
        samples.withUnsafeBytes { bytes += $0 }
        var rest = bytes[...]
        while !rest.isEmpty {
            if socket.waitWritable(timeoutSeconds: 1) {
                rest = rest.dropFirst(try socket.sendSome(rest))
            } else {
                waiting()
            }
        }
    }

    /// Ends the conversation; a send that waits fails then.
    func close() { socket.shutDown() }

    private func listen(lines: LineBuffer, early: [[UInt8]]) {
        var lines = lines
        var waiting = early
        while true {
            for line in waiting {
                guard let ack = try? StationJSON.decode(FeedAck.self, from: Data(line)) else { continue }
                state.withLock { state in
                    state.heardFrame = max(state.heardFrame, ack.heardFrame)
                    state.refusal = ack.refusal ?? state.refusal
                }
            }
            guard let bytes = try? socket.read(upTo: 65_536), !bytes.isEmpty,
                let more = try? lines.add(bytes)
            else { break }
            waiting = more
        }
        state.withLock { $0.closed = true }
    }
}
