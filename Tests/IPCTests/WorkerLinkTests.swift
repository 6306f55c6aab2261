import Domain
import Foundation
import IPC
import Platform
import TestSupport
import Testing

struct WorkerLinkTests {
    private func link() throws -> (WorkerLink, FileDescriptor) {
        let (worker, supervisor) = try FileDescriptor.socketPair()
        let link = try WorkerLink(descriptor: worker, version: "7.1", graceSeconds: 1000)
        link.start()
        return (link, supervisor)
    }

    private func withLink(_ body: (WorkerLink, LineConnection) throws -> Void) throws {
        let (link, descriptor) = try link()
        let supervisor = try LineConnection(descriptor)
        supervisor.start(handler: { _, _ in .null }, closed: { _ in })
        defer { supervisor.close() }
        try body(link, supervisor)
    }

    private func report(_ number: Int, letters: Int = 200) -> WorkerReport {
        WorkerReport(progress: number, activity: String(repeating: "a", count: letters))
    }

    @Test(
        "a worker whose line nobody reads goes on, and who reads later finds whole lines and then the present",
        arguments: [200, 30_000, 300_000])
    func unread(letters: Int) throws {
        let (link, descriptor) = try link()
        defer { descriptor.shutDown() }
        let clock = SystemClock()
        let began = clock.monotonicSeconds
        var sent = 0
        let report = report(1, letters: letters)
        for _ in 0..<2000 where link.report(report) { sent += 1 }
        #expect(clock.monotonicSeconds - began < 20)
        #expect((1..<1000).contains(sent))
        // Not left out, though nobody reads: it is said once and has to arrive.
        link.ready()

        var lines = LineBuffer()
        var kinds: [String] = []
        try eventually(within: 10, "the backlog is read") {
            while descriptor.bytesWaiting > 0 {
                for line in try lines.add(descriptor.read(upTo: 65_536)) {
                    guard case .notification(let method, _) = try Message(line: line) else { continue }
                    kinds.append(method)
                }
            }
            return kinds.last == "ready"
        }
        #expect(kinds == [String](repeating: "report", count: sent) + ["ready"])
        #expect(link.report(self.report(2)))
        let now = try lines.add(descriptor.read(upTo: 65_536))
        #expect(now.count == 1)
    }

    @Test("what nobody reads stays within its bound")
    func bounded() throws {
        let (link, descriptor) = try link()
        defer { descriptor.shutDown() }
        for number in 0..<2000 { link.report(report(number)) }
        #expect(descriptor.bytesWaiting <= 128 << 10)
    }

    @Test("ping is refused before the worker is ready, and then answered with its version")
    func hello() throws {
        try withLink { link, supervisor in
            #expect(throws: WireError.refused(code: Message.Code.failed, message: "the worker is not ready yet")) {
                try supervisor.request(.ping, timeoutSeconds: 5)
            }
            link.ready()
            let answer = try supervisor.request(.ping, timeoutSeconds: 5).decoded(as: WorkerHello.self)
            #expect(answer == WorkerHello(version: "7.1"))
        }
    }

    @Test("an order that comes before the worker can carry it out waits, and pings are answered meanwhile")
    func early() throws {
        try withLink { link, supervisor in
            let answer = Monitor<Result<IPC.JSONValue, WireError>?>(nil)
            let order = try IPC.JSONValue(encoding: ReloadOrder(config: "/a"))
            NamedThread.start("reload") {
                let result = Result { () throws(WireError) in
                    try supervisor.request(.reload, order, timeoutSeconds: 20)
                }
                answer.withLock { $0 = result }
            }
            try supervisor.notify(.tune, WorkerTuning(extraRestSeconds: 3, threads: 2))
            // Not ready, but it listens.
            _ = try? supervisor.request(.ping, timeoutSeconds: 5)
            #expect(answer.read { $0 == nil })
            let seen = Monitor<[String]>([])
            let tuning = Monitor<WorkerTuning?>(nil)
            link.serve(
                onReload: { order in seen.withLock { $0.append(order.config) } },
                onTune: { new in tuning.withLock { $0 = new } })
            try eventually(within: 10, "both orders are carried out") {
                answer.read { $0 != nil } && tuning.read { $0 != nil }
            }
            let result = answer.read { $0 }
            #expect(try result?.get() == .null)
            #expect(seen.read { $0 } == ["/a"])
            #expect(tuning.read { $0 } == WorkerTuning(extraRestSeconds: 3, threads: 2))
        }
    }

    @Test("what a reload throws is its answer")
    func refusal() throws {
        try withLink { link, supervisor in
            link.serve(onReload: { _ in throw WireError.malformed("line 3: no such key") })
            link.ready()
            let order = try IPC.JSONValue(encoding: ReloadOrder(config: "/a"))
            do throws(WireError) {
                _ = try supervisor.request(.reload, order, timeoutSeconds: 5)
                Issue.record("it was not refused")
            } catch {
                #expect(error.description.contains("line 3: no such key"))
            }
            do throws(WireError) {
                _ = try supervisor.request(.reload, .null, timeoutSeconds: 5)
                Issue.record("an order without its file was not refused")
            } catch {}
        }
    }

    @Test("a worker that is ready without handlers refuses orders as unknown")
    func unknown() throws {
        try withLink { link, supervisor in
            link.ready()
            let order = try IPC.JSONValue(encoding: ReloadOrder(config: "/a"))
            #expect(throws: Method.reload.isUnknownHere) {
                try supervisor.request(.reload, order, timeoutSeconds: 5)
            }
        }
    }

    @Test("the end of the line stops the worker, also while much of it was never read")
    func lifeline() throws {
        let (link, descriptor) = try link()
        for number in 0..<2000 { link.report(report(number)) }
        descriptor.shutDown()
        #expect(link.stop.wait(seconds: 10))
    }
}
