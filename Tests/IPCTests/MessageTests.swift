import Domain
import Foundation
import IPC
import Platform
import TestSupport
import Testing

struct MessageTests {
    @Test(
        "every kind of message survives the wire",
        arguments: [
            Message.request(id: 7, method: "restart", parameters: .object(["worker": .string("feeder")])),
            .notification(method: "ready", parameters: .object([:])),
            .response(id: 7, result: .array([.integer(1), .real(0.5), .null, .bool(true), .string("राग \"x\"\n")])),
            .failure(id: 7, code: 2, message: "no"), .failure(id: nil, code: -32700, message: "what?"),
        ])
    func roundTrip(message: Message) throws {
        let line = try message.line()
        #expect(line.last == UInt8(ascii: "\n"))
        #expect(line.dropLast().contains(UInt8(ascii: "\n")) == false)
        #expect(try Message(line: line.dropLast()) == message)
    }

    @Test(
        "what is not one JSON-RPC object is refused with a reason and never crashes",
        arguments: [
            "", "{", "null", "[]", "{}", "\"text\"", #"{"id":1,"id":2,"method":"x"}"#, #"{"method":"\ud800"}"#,
            "{\"method\":\"x\"} trailing", #"{"id":"a","method":"status"}"#, String(repeating: "[", count: 100_000),
        ])
    func malformed(text: String) {
        #expect(throws: WireError.self) { try Message(line: Array(text.utf8)) }
    }

    @Test("bytes that are not UTF-8, zeros included, are refused")
    func notText() {
        #expect(throws: WireError.self) { try Message(line: [0x7b, 0xff, 0xfe, 0x7d]) }
        #expect(throws: WireError.self) { try Message(line: Array(#"{"method":"a\u0000b"}"#.utf8)) }
    }

    @Test("random bytes never do more than throw")
    func fuzz() {
        var random = SplitMix64(seed: 1)
        let alphabet = Array(#"{}[]":,0123456789.eE+-truefalsnidmthopa\u "#.utf8)
        for _ in 0..<20_000 {
            let line = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            _ = try? Message(line: line)
        }
    }

    @Test("a line past the limit is refused before its end has come")
    func oversized() throws {
        var lines = LineBuffer(bytesMax: 100)
        #expect(throws: WireError.oversized(limitBytes: 100)) {
            _ = try lines.add([UInt8](repeating: 0x61, count: 101))
        }
    }

    @Test("lines come out whole however the bytes arrive")
    func pieces() throws {
        var lines = LineBuffer()
        var found: [String] = []
        for byte in Array("one\n\ntwo\nthree".utf8) {
            found += try lines.add([byte]).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(found == ["one", "two"])
    }

    @Test("a worker's report survives the wire with every part")
    func report() throws {
        let report = WorkerReport(
            progress: 3, activity: "encoding", onAir: true,
            nowPlaying: NowPlaying(
                title: "Raga", promptIndex: 1, number: 9, source: .buffer, elapsedSeconds: 1, seconds: 60),
            buffer: BufferSummary(health: .warning, hours: 13, targetHours: 24, readyTracks: 3, diskFreeBytes: 5),
            generation: GenerationSummary(backend: "synth", activity: "resting", realTimeFactor: 2.5),
            destinations: [DestinationStatus(name: "youtube", state: "sending")])
        #expect(try JSONValue(encoding: report).decoded(as: WorkerReport.self) == report)
    }
}

struct LineConnectionTests {
    /// Two ends of one conversation.
    private func pair(
        _ body: (LineConnection, LineConnection) throws -> Void,
        handler: @escaping LineConnection.Handler = { _, parameters in parameters }
    ) throws {
        let (one, other) = try FileDescriptor.socketPair()
        let (asking, answering) = (try LineConnection(one), try LineConnection(other))
        asking.start(handler: handler, closed: { _ in })
        answering.start(handler: handler, closed: { _ in })
        defer {
            asking.close()
            answering.close()
        }
        try body(asking, answering)
    }

    @Test("requests in both directions at once all get their own answer")
    func both() throws {
        try pair { one, other in
            for number in 0..<50 {
                let there = try one.request(.ping, .integer(number), timeoutSeconds: 5)
                let back = try other.request(.ping, .integer(-number), timeoutSeconds: 5)
                #expect(there == .integer(number))
                #expect(back == .integer(-number))
            }
        }
    }

    @Test("an unknown method is answered with an error, and the conversation goes on")
    func unknownMethod() throws {
        try pair { one, _ in
            #expect(throws: WireError.self) {
                try one.request(.wait, timeoutSeconds: 5)
            }
            let answer = try one.request(.ping, timeoutSeconds: 5)
            #expect(answer == .null)
        } handler: { method, _ in
            guard method == .ping else { throw method.isUnknownHere }
            return .null
        }
    }

    @Test("a peer that goes away ends a waiting request at once, without a signal")
    func peerGone() throws {
        let (one, other) = try FileDescriptor.socketPair()
        let connection = try LineConnection(one)
        connection.start(handler: { _, _ in .null }, closed: { _ in })
        NamedThread.start("hang-up") {
            _ = try? other.read(upTo: 10)
            other.shutDown()
        }
        #expect(throws: WireError.closed) { try connection.request(.ping, timeoutSeconds: 20) }
        #expect(throws: WireError.self) { try connection.notify(.ready, ["": ""]) }
    }

    @Test("garbage from a peer is answered and does not end the conversation")
    func garbage() throws {
        let (one, other) = try FileDescriptor.socketPair()
        let connection = try LineConnection(one)
        connection.start(handler: { _, _ in .string("alive") }, closed: { _ in })
        defer { connection.close() }
        try other.send(all: Array("{nonsense\n{\"id\":1,\"method\":\"ping\"}\n".utf8))
        var lines = LineBuffer()
        var answers: [Message] = []
        while answers.count < 2 {
            answers += try lines.add(other.read(upTo: 4096)).map { try Message(line: $0) }
        }
        guard case .failure(nil, Message.Code.malformed, _) = answers[0] else {
            return #expect(Bool(false), "\(answers[0])")
        }
        #expect(answers[1] == .response(id: 1, result: .string("alive")))
    }
}
