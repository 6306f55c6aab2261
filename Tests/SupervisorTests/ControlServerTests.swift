import Glibc
import IPC
import Platform
import TestSupport
import Testing

@testable import Supervisor

struct ControlServerTests {
    @Test("three hundred connections that say nothing do not keep one out that does")
    func crowd() throws {
        try withTemporaryDirectory { directory in
            let server = try ControlServer(path: directory + "/ctl.sock")
            var crowd: [FileDescriptor] = []
            var gone = 0
            for turn in 0..<300 {
                crowd.append(try UnixSocket.connect(to: directory + "/ctl.sock"))
                server.acceptWaiting(now: Double(turn), welcome: { _ in }, farewell: { _ in gone += 1 })
            }
            let operatorSide = try UnixSocket.connect(to: directory + "/ctl.sock")
            server.acceptWaiting(now: 2000, welcome: { _ in }, farewell: { _ in gone += 1 })
            #expect(server.clients.count == ControlServer.clientsMax)
            #expect(gone == 301 - ControlServer.clientsMax)
            try operatorSide.send(all: Array("{\"id\":1,\"method\":\"ping\"}\n".utf8))
            let newest = try #require(server.clients.last)
            #expect(newest.channel.receive { _ in } == [.request(id: 1, method: "ping", parameters: .object([:]))])
            server.close()
            withExtendedLifetime(crowd) {}
        }
    }

    @Test("a line that never ends, and a reader that never reads, cost a bounded amount and then the connection")
    func hostile() throws {
        let (ours, theirs) = try FileDescriptor.socketPair()
        let channel = try LineChannel(ours)
        try theirs.setNonBlocking()
        var complaints = 0
        for _ in 0..<1000 where channel.isOpen {
            _ = try? theirs.sendSome([UInt8](repeating: 0x61, count: 65_536)[...])
            #expect(channel.receive { _ in complaints += 1 }.isEmpty)
        }
        #expect(!channel.isOpen)
        #expect(complaints == 1)

        let (near, far) = try FileDescriptor.socketPair()
        let deaf = try LineChannel(near)
        let answer = Message.response(id: 1, result: .string(String(repeating: "x", count: 100_000)))
        for _ in 0..<100 { deaf.send(answer) }
        #expect(!deaf.isOpen)
        withExtendedLifetime(far) {}
    }

    @Test("an answer that is not there yet is given when it is, or in its other form when the time is up")
    func later() throws {
        try withTemporaryDirectory { directory in
            let server = try ControlServer(path: directory + "/ctl.sock")
            let peer = try UnixSocket.connect(to: directory + "/ctl.sock")
            try peer.setNonBlocking()
            server.acceptWaiting(now: 0, welcome: { _ in }, farewell: { _ in })
            let client = try #require(server.clients.first)
            var value: IPC.JSONValue?
            server.answer(client, id: 7, deadline: 10, attempt: { value }, fallback: { .string("too late") })
            server.answer(client, id: 8, deadline: 5, attempt: { nil }, fallback: { .string("too late") })
            #expect(server.deadline == 5)
            server.answerWaiting(now: 1)
            #expect(throws: SystemError.self) { try peer.read(upTo: 100) }
            server.answerWaiting(now: 5)
            let late = try Message(line: peer.read(upTo: 1000).dropLast())
            #expect(late == .response(id: 8, result: .string("too late")))
            value = .integer(3)
            server.answerWaiting(now: 6)
            let answer = try Message(line: peer.read(upTo: 1000).dropLast())
            #expect(answer == .response(id: 7, result: .integer(3)))
            #expect(server.deadline == .infinity)
            server.close()
        }
    }

    @Test("a client may leave only so many questions open")
    func tooMany() throws {
        try withTemporaryDirectory { directory in
            let server = try ControlServer(path: directory + "/ctl.sock")
            let peer = try UnixSocket.connect(to: directory + "/ctl.sock")
            server.acceptWaiting(now: 0, welcome: { _ in }, farewell: { _ in })
            let client = try #require(server.clients.first)
            for id in 0..<40 {
                server.answer(client, id: id, deadline: 10, attempt: { nil }, fallback: { .null })
            }
            let refused = try peer.read(upTo: 65_536).split(separator: UInt8(ascii: "\n"))
            #expect(refused.count == 24)
            server.close()
        }
    }
}
