import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

@Suite struct SmallInstrumentsTests {
    @Test func `a temporary directory is there, empty, and gone afterwards`() throws {
        let path = try withTemporaryDirectory { directory in
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
            try FileManager.default.createDirectory(atPath: "\(directory)/a/b", withIntermediateDirectories: true)
            return directory
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a temporary directory goes even when its body throws`() throws {
        struct Trouble: Error {}
        var path = ""
        #expect(throws: Trouble.self) {
            try withTemporaryDirectory { directory in
                path = directory
                throw Trouble()
            }
        }
        #expect(!path.isEmpty && !FileManager.default.fileExists(atPath: path))
    }

    @Test func `waiting ends with the fact`() throws {
        let clock = ManualClock()
        var looks = 0
        try eventually(within: 5, "the third look", clock: clock) {
            looks += 1
            return looks == 3
        }
        #expect(looks == 3)
        #expect(clock.monotonicSeconds < 1001)
    }

    @Test func `waiting in vain ends at the deadline with the fact's text`() {
        let clock = ManualClock()
        let error = #expect(throws: DeadlineExpired.self) {
            try eventually(within: 5, "pigs fly", clock: clock) { false }
        }
        #expect(error?.description.contains("not within 5.0 s: pigs fly") == true)
        #expect(error?.place.contains("SmallInstrumentsTests.swift") == true)
        #expect(clock.monotonicSeconds >= 1005 && clock.monotonicSeconds < 1005.1)
    }

    @Test func `waiting for an answer that has to be awaited ends with it`() async throws {
        var looks = 0
        try await eventually(within: 100, "the second look") {
            await Task.yield()
            looks += 1
            return looks == 2
        }
        #expect(looks == 2)
    }

    @Test func `a free port accepts nobody and two of them differ`() throws {
        let ports = try Set((0..<8).map { _ in try Loopback.freePort() })
        #expect(ports.count > 1)
        for port in ports { #expect(!Loopback.accepts(port: port)) }
    }

    @Test func `the same seed gives the same numbers`() {
        var one = SplitMix64(seed: 1)
        var other = SplitMix64(seed: 1)
        #expect((0..<100).allSatisfy { _ in one.next() == other.next() })
        // The first number of the published reference for seed 0.
        var zero = SplitMix64(seed: 0)
        #expect(zero.next() == 0xe220_a839_7b1d_cdaf)
        #expect((0..<1000).allSatisfy { _ in (0..<1).contains(one.unit()) })
    }

    @Test func `a leaked descriptor is counted`() async {
        await #expect(processExitsWith: .success) {
            let before = descriptorCount()
            let leaked = try FileDescriptor.open("/dev/null", O_RDONLY)
            #expect(descriptorCount() == before + 1)
            withExtendedLifetime(leaked) {}
        }
    }

    @Test func `a tool that is not there, fails or hangs says so`() throws {
        #expect(throws: TestToolFailure.self) { try TestTool.run("no-such-tool-at-all", []) }
        #expect(try TestTool.run("sh", ["-c", "echo oops >&2; exit 3"]) == (.code(3), "oops\n"))
        let error = #expect(throws: TestToolFailure.self) { try TestTool.run("sleep", ["30"], timeoutSeconds: 0.1) }
        #expect(error?.description == "sleep still ran after 0.1 s")
    }
}
