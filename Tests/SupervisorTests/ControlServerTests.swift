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
            for turn in 0..<300 {
                crowd.append(try UnixSocket.connect(to: directory + "/ctl.sock"))
                server.acceptWaiting(now: Double(turn))
            }
            let operatorSide = try UnixSocket.connect(to: directory + "/ctl.sock")
            server.acceptWaiting(now: 2000)
            #expect(server.clients.count == ControlServer.clientsMax)
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

    @Test("a flood of log lines is let through at a bounded rate, and what was dropped is counted")
    func flood() {
        var limit = LogLimit(now: 0)
        var passed = 0
        for turn in 0..<100 {
            passed += limit.pass([String](repeating: "x", count: 1000), now: Double(turn) / 10).count
        }
        #expect(passed <= 200 + 10 * 20 + 1)
        let after = limit.pass(["quiet again"], now: 100)
        #expect(after.first == "quiet again")
        #expect(after.last == "warning: \(100_000 - passed) lines came too fast and were dropped")
    }
}
