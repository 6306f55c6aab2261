import Platform
import TestSupport
import Testing

struct ChildProcessTests {
    @Test("an end is told once, and waiting for it again does not wait")
    func once() throws {
        let child = try ChildProcess(
            path: "/bin/sh", arguments: ["-c", "exit 3"], environment: [:], descriptors: [nil, nil, nil])
        #expect(child.wait(timeoutSeconds: 10) == .code(3))
        let clock = SystemClock()
        let began = clock.monotonicSeconds
        #expect(child.wait(timeoutSeconds: 10) == nil)
        #expect(clock.monotonicSeconds - began < 5)
    }

    @Test("a program that is not there is an error with its errno, and leaves no process")
    func missing() {
        #expect(throws: SystemError("start /nowhere/tool", code: 2)) {
            try ChildProcess(path: "/nowhere/tool", arguments: [], environment: [:], descriptors: [nil, nil, nil])
        }
    }

    @Test("a peer that takes nothing is waited for within a bound, and sending what there is room for never blocks")
    func sendSome() throws {
        let (near, far) = try FileDescriptor.socketPair()
        let bytes = [UInt8](repeating: 1, count: 1 << 20)
        var sent = 0
        while case let count = try near.sendSome(bytes[...]), count > 0 { sent += count }
        #expect(sent > 0)
        #expect(!near.waitWritable(timeoutSeconds: 0.01))
        #expect(far.waitReadable(timeoutSeconds: 1))
        while sent > 0 { sent -= try far.read(upTo: 65_536).count }
        #expect(near.waitWritable(timeoutSeconds: 1))
    }
}
