import Encoder
import Testing

/// What the ingest will see: read back with ffprobe.
@Suite struct AnimationStreamTests {
    private func expectFit(_ fixture: AnimationFixture, _ loop: PreparedAnimation) throws {
        let rate = loop.format.framesPerSecond
        let about = try fixture.probe(
            loop.path,
            entries:
                "stream=codec_name,profile,pix_fmt,has_b_frames,r_frame_rate,avg_frame_rate,color_range,color_space,"
                + "color_transfer,color_primaries")
        // In ffprobe's own order.
        #expect(about == ["h264,High,0,yuv420p,tv,bt709,bt709,bt709,\(rate)/1,\(rate)/1"])
        let packets = try fixture.probe(loop.path, entries: "packet=pts,dts,duration,flags")
        #expect(packets.count == loop.frames)
        #expect(loop.frames % (2 * rate) == 0)
        for (n, packet) in packets.enumerated() {
            let isKey = n % (2 * rate) == 0
            #expect(packet.hasPrefix("\(n * 1000),\(n * 1000),1000,\(isKey ? "K" : "_")"))
        }
        let kinds = try fixture.probe(loop.path, entries: "frame=pict_type", more: ["-select_streams", "v"])
        #expect(kinds.enumerated().allSatisfy { $1.first == ($0 % (2 * rate) == 0 ? "I" : "P") })
    }

    @Test func `a prepared film is High, without B-frames, of constant rate, with a keyframe every two seconds`() throws
    {
        try AnimationFixture.scoped { fixture in
            let film = try fixture.make(
                "-f lavfi -i testsrc2=s=128x72:r=24000/1001:d=5 -pix_fmt yuv420p", named: "film.mp4")
            let format = PictureFormat(width: 160, height: 90, framesPerSecond: 30, videoKbps: 300)
            try expectFit(fixture, try fixture.library.prepare(operatorFile: film, format: format))
        }
    }

    @Test func `a still is sent at the bitrate that was asked for`() throws {
        try AnimationFixture.scoped { fixture in
            let still = try fixture.make("-f lavfi -i color=navy:s=64x64 -frames:v 1", named: "still.png")
            let format = PictureFormat(width: 160, height: 90, framesPerSecond: 10, videoKbps: 300)
            let loop = try fixture.library.prepare(operatorFile: still, format: format)
            #expect(loop.kbps > 200 && loop.kbps < 330)
            try expectFit(fixture, loop)
        }
    }

    @Test func `two hours of copied loops have no seam in their time stamps`() throws {
        try AnimationFixture.scoped { fixture in
            let format = PictureFormat(width: 128, height: 72, framesPerSecond: 5, videoKbps: 60)
            let loop = try fixture.library.prepare(operatorFile: nil, format: format)
            let seconds = 7200
            let stream = try fixture.make(
                "-stream_loop -1 -i \(loop.path) -f lavfi -i anullsrc=r=44100:cl=mono -map 0:v -map 1:a -c:v copy",
                "-c:a aac -aac_coder fast -b:a 32k -t \(seconds) -f flv", named: "station.flv")
            let video = try fixture.probe(stream, entries: "packet=dts,pts,flags", more: ["-select_streams", "v"])
            #expect(video.count == seconds * 5)
            func time(_ packet: String?) -> Int {
                packet?.split(separator: ",").compactMap { Int($0) }.first ?? -1
            }
            // The AAC encoder's delay comes before everything, once.
            let first = time(video.first)
            #expect((0...24).contains(first))
            for (n, packet) in video.enumerated() {
                let due = first + n * 200
                guard packet.hasPrefix("\(due),\(due),\(n % 10 == 0 ? "K" : "_")") else {
                    Issue.record("frame \(n) is \(packet) and not at \(due)")
                    return
                }
            }
            let audio = try fixture.probe(stream, entries: "packet=dts", more: ["-select_streams", "a"])
            let pictures = time(video.last) + 200 - first
            let sound = time(audio.last) - time(audio.first)
            #expect(pictures == seconds * 1000)
            // Sound is cut in frames of 23 ms, one of them the delay.
            #expect(abs(sound - pictures) <= 47)
        }
    }
}
