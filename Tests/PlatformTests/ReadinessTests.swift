import Glibc
import Platform
import TestSupport
import Testing

struct ReadinessTests {
    @Test("what is readable is told with its key, again and again until it is read")
    func level() throws {
        let readiness = try Readiness()
        let pipe = try FileDescriptor.pipe()
        try readiness.watch(pipe.read.number, key: 7, for: .readable)
        #expect(readiness.wait(seconds: 0).isEmpty)
        try pipe.write.write(all: [1])
        let expected = Readiness.Event(key: 7, readable: true, writable: false, urgent: false, hungUp: false)
        #expect(readiness.wait(seconds: 5) == [expected])
        #expect(readiness.wait(seconds: 5) == [expected])
        _ = try pipe.read.read(upTo: 1)
        #expect(readiness.wait(seconds: 0).isEmpty)
    }

    @Test("a second watch changes key and interest, and a forgotten descriptor is told no more")
    func change() throws {
        let readiness = try Readiness()
        let (near, far) = try FileDescriptor.socketPair()
        try readiness.watch(near.number, key: 1, for: .readable)
        #expect(readiness.wait(seconds: 0).isEmpty)
        try readiness.watch(near.number, key: 2, for: [.readable, .writable])
        let events = readiness.wait(seconds: 5)
        #expect(events.map(\.key) == [2])
        #expect(events.first?.writable == true)
        readiness.forget(near.number)
        readiness.forget(near.number)
        try far.send(all: [1])
        #expect(readiness.wait(seconds: 0).isEmpty)
    }

    @Test("the going of the other end is told even where nothing was asked for")
    func hangUp() throws {
        let readiness = try Readiness()
        let (near, far) = try FileDescriptor.socketPair()
        try readiness.watch(near.number, key: 3, for: [])
        far.shutDown()
        #expect(readiness.wait(seconds: 5).first?.hungUp == true)
    }

    @Test("the end of a process makes its pidfd readable")
    func processes() throws {
        let readiness = try Readiness()
        let child = try ChildProcess(
            path: "/bin/sh", arguments: ["-c", "exit 4"], environment: [:], descriptors: [nil, nil, nil])
        try readiness.watch(child.pidfd.number, key: -9, for: .readable)
        let events = readiness.wait(seconds: 10)
        #expect(events.map(\.key) == [-9])
        #expect(child.reap() == .code(4))
    }

    @Test("a wait with nothing to tell lasts its time, never less")
    func time() throws {
        let readiness = try Readiness()
        let clock = SystemClock()
        let began = clock.monotonicSeconds
        #expect(readiness.wait(seconds: 0.0204).isEmpty)
        #expect(clock.monotonicSeconds - began >= 0.0204)
    }

    @Test("more than 64 ready descriptors come in several calls, none left out")
    func many() throws {
        let readiness = try Readiness()
        let pipes = try (0..<70).map { _ in try FileDescriptor.pipe() }
        for (index, pipe) in pipes.enumerated() {
            try pipe.write.write(all: [1])
            try readiness.watch(pipe.read.number, key: index, for: .readable)
        }
        var seen: Set<Int> = []
        for _ in 0..<10 {
            let events = readiness.wait(seconds: 0)
            #expect(events.count <= 64)
            seen.formUnion(events.map(\.key))
            for event in events { readiness.forget(pipes[event.key].read.number) }
        }
        #expect(seen.count == 70)
    }

    @Test("what cannot be watched is an error")
    func refused() throws {
        let readiness = try Readiness()
        let file = try FileDescriptor.open("/proc/self/exe", O_RDONLY)
        #expect(throws: SystemError("watch descriptor \(file.number)", code: EPERM)) {
            try readiness.watch(file.number, key: 0, for: .readable)
        }
    }
}
