import Domain
import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

@testable import Encoder

/// Relays against stand-ins for ffmpeg: shell scripts that do one thing badly.
struct RelayTests {
    // As a worker does: writing to an ffmpeg that has gone is an error and no signal.
    init() { Orphans.ignoreBrokenPipes() }

    @Test("a recording never takes a file that is there, and an empty one is cleared away")
    func recordings() throws {
        try withTemporaryDirectory { directory in
            let names = RecordingNames(path: directory + "/show.flv", clock: ManualClock(wallSeconds: 1_800_000_000))
            let first = names.next()
            #expect(first == directory + "/show-20270115T080000Z.flv")
            try Data("sound".utf8).write(to: URL(filePath: first))
            let second = names.next()
            #expect(second == directory + "/show-20270115T080000Z-2.flv")
            try Data().write(to: URL(filePath: second))
            #expect(names.next() == second)
            #expect(FileManager.default.fileExists(atPath: first))
        }
    }

    @Test("a destination whose key cannot be read says so, asks again, and takes the key that is there then")
    func keyLater() throws {
        try withTemporaryDirectory { directory in
            let seen = directory + "/seen"
            let ffmpeg = try script("cat <&3 > \(seen); echo refused hunter2-key >&2; exit 1", in: directory)
            let key = Monitor<String?>(nil)
            let target = RelayTarget(name: "far") {
                guard let key = key.read({ $0 }) else { throw Missing() }
                return .init(output: [], preset: Array("k=\(key)\n".utf8), secrets: [key])
            }
            try withRelay(target, ffmpeg: ffmpeg) { relay in
                try eventually(within: 10, "the missing key is its trouble") { relay.status.trouble == "no key yet" }
                key.withLock { $0 = "hunter2-key" }
                try eventually(within: 10, "ffmpeg was given the key") {
                    FileManager.default.contents(atPath: seen) == Data("k=hunter2-key\n".utf8)
                }
                try eventually(within: 10, "what ffmpeg said is shown without the key") {
                    relay.status.trouble == "refused ***"
                }
            }
        }
    }

    @Test("an ffmpeg that reads no more is not polled without pause")
    func brokenPipe() throws {
        try withTemporaryDirectory { directory in
            let ffmpeg = try script("exec <&-; sleep 60 <&3", in: directory)
            let target = RelayTarget(name: "far") { .init(output: []) }
            try withRelay(target, ffmpeg: ffmpeg, feeding: 4000) { _ in
                let before = ownCPUSeconds()
                SystemClock().sleep(seconds: 1.5)
                #expect(ownCPUSeconds() - before < 0.75)
            }
        }
    }

    @Test("a destination that takes nothing is given up after its bound, and its memory stays within one too")
    func stalled() throws {
        try withTemporaryDirectory { directory in
            let ffmpeg = try script("sleep 60 <&3", in: directory)
            let broadcast = broadcasting()
            let subscription = try #require(broadcast.subscribe())
            let run = try RelayRun(
                ffmpeg: ffmpeg, connection: .init(output: []), environment: [:], clock: SystemClock())
            let reason = run.supervise(subscription, stallSecondsMax: 1) { _ in
                for _ in 0..<20 { broadcast.publish(picture(bytes: 60_000, isKey: false)) }
                return false
            }
            #expect(reason == "nothing was taken for 1 s" || reason == "could not keep up with the stream")
            #expect(run.pendingBytes < 3 << 20)
        }
    }

    @Test("a stream that pauses is no stall")
    func pause() throws {
        try withTemporaryDirectory { directory in
            let ffmpeg = try script("cat > /dev/null", in: directory)
            let subscription = try #require(broadcasting().subscribe())
            let run = try RelayRun(
                ffmpeg: ffmpeg, connection: .init(output: []), environment: [:], clock: SystemClock())
            let clock = SystemClock()
            let began = clock.monotonicSeconds
            let reason = run.supervise(subscription, stallSecondsMax: 1.5) { _ in clock.monotonicSeconds - began > 4 }
            #expect(reason == "closed")
        }
    }

    private struct Missing: Error, CustomStringConvertible { let description = "no key yet" }

    private func script(_ body: String, in directory: String) throws -> String {
        let path = directory + "/ffmpeg"
        try Data("#!/bin/sh\n\(body)\n".utf8).write(to: URL(filePath: path))
        chmod(path, 0o755)
        return path
    }

    private func picture(bytes: Int, isKey: Bool) -> FlvTag {
        FlvTag(kind: .video, milliseconds: 0, body: [isKey ? 0x17 : 0x27, 1] + [UInt8](repeating: 0, count: bytes))
    }

    /// A stream that has begun.
    private func broadcasting() -> Broadcast {
        let broadcast = Broadcast()
        broadcast.publish(FlvTag(kind: .video, milliseconds: 0, body: [0x17, 0, 0, 0, 0]))
        broadcast.publish(FlvTag(kind: .audio, milliseconds: 0, body: [0xaf, 0, 0x12, 0x10]))
        broadcast.publish(picture(bytes: 100, isKey: true))
        return broadcast
    }

    private func withRelay(
        _ target: RelayTarget, ffmpeg: String, feeding: Int = 0, _ body: (Relay) throws -> Void
    ) throws {
        let broadcast = broadcasting()
        for _ in 0..<feeding { broadcast.publish(picture(bytes: 100, isKey: false)) }
        let relay = Relay(
            target: target, ffmpeg: ffmpeg, environment: ["PATH": "/usr/bin:/bin"], broadcast: broadcast,
            clock: SystemClock(), sessionSecondsMax: 1000)
        relay.start()
        defer {
            relay.stop()
            relay.waitUntilStopped(timeoutSeconds: 10)
            #expect(relay.status.state == "stopped")
        }
        try body(relay)
    }

    private func ownCPUSeconds() -> Double { ProcessFigures(pid: getpid())?.cpuSeconds ?? 0 }
}
