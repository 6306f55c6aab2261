import Glibc
import Platform
import TestSupport
import Testing

struct ServiceManagerTests {
    @Test("each fact of a service's life is one datagram, in the manager's words and in order")
    func life() throws {
        try withTemporaryDirectory { directory in
            let manager = try DatagramListener(at: directory + "/notify")
            let before = SystemClock().monotonicSeconds
            _ = try NotifyWriterProcess.lines(["life"], environment: ["NOTIFY_SOCKET": manager.path])
            let after = SystemClock().monotonicSeconds
            let told = try manager.received().map(\.text)
            try #require(told.count == 6)
            #expect(told[0] == "EXTEND_TIMEOUT_USEC=1500000")
            #expect(told[1] == "STATUS=on air: Monsoon Raga")
            #expect(told[2] == "READY=1")
            let reloading = told[3].split(separator: "\n")
            try #require(reloading.count == 2)
            #expect(reloading[0] == "RELOADING=1")
            let stamp = try #require(Double(reloading[1].dropFirst("MONOTONIC_USEC=".count)))
            #expect(reloading[1].hasPrefix("MONOTONIC_USEC="))
            #expect(stamp / 1e6 >= before - 0.001 && stamp / 1e6 <= after)
            #expect(told[4] == "WATCHDOG=1")
            #expect(told[5] == "STOPPING=1")
        }
    }

    @Test("the watchdog's time is ours only when it is meant for this process")
    func watchdog() throws {
        #expect(try NotifyWriterProcess.lines(["managed"]) == ["false nil"])
        let environment = ["NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "2500000"]
        #expect(try NotifyWriterProcess.lines(["managed"], environment: environment) == ["true 2.5"])
        let others = environment.merging(["WATCHDOG_PID": "1"]) { $1 }
        #expect(try NotifyWriterProcess.lines(["managed"], environment: others) == ["true nil"])
    }

    @Test("a descriptor goes to the manager with its name, and is let go of by it")
    func keep() throws {
        try withTemporaryDirectory { directory in
            let manager = try DatagramListener(at: directory + "/notify")
            let environment = ["NOTIFY_SOCKET": manager.path]
            let pipe = try FileDescriptor.pipe()
            let said = try NotifyWriterProcess.lines(
                ["keep", "encoder.7.link"], environment: environment, input: pipe.read)
            #expect(said == ["true"])
            let kept = try manager.received()
            #expect(kept.map(\.text) == ["FDSTORE=1\nFDNAME=encoder.7.link"])
            // It is that pipe: what goes in here comes out there.
            try pipe.write.write(all: Array("hello".utf8))
            let copy = try #require(kept.first?.descriptors.first)
            #expect(try copy.read(upTo: 100) == Array("hello".utf8))
            _ = try NotifyWriterProcess.lines(["drop", "encoder.7.link"], environment: environment)
            #expect(try manager.received().map(\.text) == ["FDSTOREREMOVE=1\nFDNAME=encoder.7.link"])
        }
    }

    @Test(
        "nothing is kept without a manager, nor under what is no name",
        arguments: ["", "a:b", "a b", "ä", "x\nREADY=1"])
    func notKept(name: String) throws {
        #expect(try NotifyWriterProcess.lines(["keep", "fine"]) == ["false"])
        try withTemporaryDirectory { directory in
            let manager = try DatagramListener(at: directory + "/notify")
            let environment = ["NOTIFY_SOCKET": manager.path]
            #expect(try NotifyWriterProcess.lines(["keep", name], environment: environment) == ["false"])
            _ = try NotifyWriterProcess.lines(["drop", name], environment: environment)
            #expect(try manager.received().isEmpty)
        }
    }

    @Test("the next life finds its descriptors by name, once, and its children find none")
    func taken() throws {
        let first = try FileDescriptor.pipe()
        let second = try FileDescriptor.pipe()
        try first.write.write(all: Array("one".utf8))
        try second.write.write(all: Array("two".utf8))
        let environment = ["LISTEN_FDS": "2", "LISTEN_FDNAMES": "encoder.7.link:encoder.7.log"]
        // LISTEN_PID is the process's own number, which the shell hands to what takes its place.
        let said = try NotifyWriterProcess.lines(
            ["taken"], environment: environment, more: [first.read, second.read],
            throughShell: "LISTEN_PID=$$ exec \"$0\" \"$@\"")
        #expect(said == ["encoder.7.link 3 true one", "encoder.7.log 4 true two", "true 0"])
    }

    @Test("descriptors meant for another process are not taken")
    func notOurs() throws {
        let pipe = try FileDescriptor.pipe()
        let environment = ["LISTEN_FDS": "1", "LISTEN_FDNAMES": "x", "LISTEN_PID": "1"]
        let said = try NotifyWriterProcess.lines(["taken"], environment: environment, more: [pipe.read])
        #expect(said.last?.hasSuffix(" 0") == true)
        #expect(said.count == 1)
    }

    @Test("without a bus no job is known, and a bus that never answers is not waited for")
    func noBus() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/bus"
            let environment = ["DBUS_SYSTEM_BUS_ADDRESS": "unix:path=" + path]
            #expect(try NotifyWriterProcess.lines(["job"], environment: environment) == ["nil"])
            let silent = try UnixSocket.listen(at: path, mode: 0o666)
            let clock = SystemClock()
            let began = clock.monotonicSeconds
            #expect(try NotifyWriterProcess.lines(["job"], environment: environment) == ["nil"])
            let took = clock.monotonicSeconds - began
            #expect(took >= 1 && took < 10)
            withExtendedLifetime(silent) {}
        }
    }
}
