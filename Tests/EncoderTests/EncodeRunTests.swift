import Domain
import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

@testable import Encoder

struct EncodeRunTests {
    // As a worker does: writing to an ffmpeg that has gone is an error and no signal.
    init() { Orphans.ignoreBrokenPipes() }

    @Test("an ffmpeg that talks without end is read without end, and its words do not hold it up")
    func talkative() throws {
        try withTemporaryDirectory { directory in
            let ffmpeg = try script("exec <&-; head -c 3000000 /dev/zero | tr '\\0' 'a\\n' >&2; exit 7", in: directory)
            let run = try EncodeRun(
                ffmpeg: ffmpeg, arguments: [], environment: ["PATH": "/usr/bin:/bin"],
                cushion: Cushion(cushionSeconds: 1, startFrame: 0, marks: []), beginning: .init(),
                clock: SystemClock())
            let reason = supervise(run, Air(), until: { false })
            #expect(reason == "ffmpeg ended: exit 7")
        }
    }

    @Test("the pad goes on where it was heard last when ffmpeg dies while it plays")
    func padGoesOn() throws {
        try AnimationFixture.scoped { fixture in
            let picture = try fixture.library.prepare(operatorFile: nil, format: AnimationFixture.small).path
            let pidFile = fixture.path("pid")
            let ffmpeg = try script("echo $$ > \(pidFile); exec \(fixture.ffmpeg.path) \"$@\"", in: fixture.directory)
            let air = Air()
            let cushion = Cushion(cushionSeconds: 1, startFrame: 0, marks: [])
            var beginning = EncodeRun.Beginning()
            var subscription: Broadcast.Subscription?
            var tags: [FlvTag] = []
            for life in 1...3 {
                let run = try EncodeRun(
                    ffmpeg: ffmpeg, arguments: FFmpegArguments.encode(animation: picture, audioKbps: 160),
                    environment: ["PATH": "/usr/bin:/bin"], cushion: cushion, beginning: beginning,
                    clock: SystemClock())
                let goal = life * 100
                var isKilled = false
                let reason = supervise(run, air) {
                    if subscription == nil {
                        subscription = air.broadcast.subscribe()
                        tags += subscription?.opening ?? []
                    }
                    tags += subscription?.take() ?? []
                    let isHeard = air.timeline.read { $0.audioPackets } >= goal
                    if isHeard, life < 3, !isKilled { isKilled = kill(pid(in: pidFile), SIGKILL) == 0 }
                    return isHeard && life == 3
                }
                #expect(reason.contains(life < 3 ? "signal 9" : "closed"))
                beginning = EncodeRun.Beginning(goingOnWith: cushion, padFrame: run.padFrameHeard)
                #expect(beginning.primingPackets == 4)
            }
            tags += subscription?.take() ?? []
            let flv = FlvTag.streamHeader + tags.flatMap { $0.bytes(base: 0) }
            let file = try fixture.write(flv, named: "pad.flv")
            try checkPad(decodePCM(file, to: fixture.path("pad.pcm")))
        }
    }

    /// Every block of what was heard is the pad at the place where it belongs.
    private func checkPad(_ audio: DecodedAudio) throws {
        #expect(audio.seconds > 6)
        var pad = QuietPad()
        let reference = pad.next(frames: audio.frameCount + 8192).enumerated().filter { $0.offset % 2 == 0 }
            .map { Float($0.element) }
        let heard = audio.withSamples { samples in stride(from: 0, to: samples.count, by: 2).map { Float(samples[$0]) }
        }
        /// How much of the block at `at` the pad leaves over, `offset` frames further on.
        func residual(at: Int, offset: Int) -> Float {
            var (missed, all): (Float, Float) = (0, 0)
            for frame in at..<at + 1024 {
                let wanted = reference[frame + offset]
                missed += (heard[frame] - wanted) * (heard[frame] - wanted)
                all += wanted * wanted
            }
            return missed / all
        }
        let place = try #require(
            (0..<4096).min { residual(at: 44_100, offset: $0) < residual(at: 44_100, offset: $1) })
        let residuals = stride(from: 8192, to: heard.count - 2048, by: 1024).map { residual(at: $0, offset: place) }
        print("the pad at offset \(place): worst residual \(residuals.max() ?? 1) of \(residuals.count) blocks")
        // The codec leaves up to 0.02 of so soft a sound over; a pad that begins anew leaves over more than it has.
        #expect(residuals.allSatisfy { $0 < 0.1 })
    }

    private struct Air {
        let timeline = Monitor(BroadcastTimeline())
        let lateness = Monitor(LatenessMeter())
        let broadcast = Broadcast()
    }

    private func supervise(_ run: EncodeRun, _ air: Air, until: () -> Bool) -> String {
        run.supervise(
            timeline: air.timeline, lateness: air.lateness, broadcast: air.broadcast, startSecondsMax: 20,
            stallSecondsMax: 5, shouldEnd: until)
    }

    private func pid(in file: String) -> Int32 {
        let text = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return Int32(text.filter { !$0.isWhitespace }) ?? 0
    }

    private func script(_ body: String, in directory: String) throws -> String {
        let path = directory + "/ffmpeg"
        try Data("#!/bin/sh\n\(body)\n".utf8).write(to: URL(filePath: path))
        chmod(path, 0o755)
        return path
    }
}
