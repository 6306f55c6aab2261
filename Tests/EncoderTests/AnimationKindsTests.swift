import Encoder
import Testing

/// Every kind of file an operator may bring, made small by ffmpeg.
@Suite struct AnimationKindsTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let name: String
        let make: String
        let seconds: Int
        var testDescription: String { name }
    }

    @Test(
        "a file of each kind becomes a loop of whole two-second groups",
        arguments: [
            Kind(name: "film.mp4", make: "-f lavfi -i testsrc2=s=128x72:r=25:d=4 -pix_fmt yuv420p", seconds: 8),
            Kind(
                name: "with-sound.mov",
                make: "-f lavfi -i testsrc2=s=96x96:r=30:d=2 -f lavfi -i sine=d=2.3 -c:v mpeg4 -c:a aac", seconds: 8),
            Kind(name: "cut.webm", make: "-f lavfi -i testsrc2=s=64x128:r=24:d=8 -c:v libvpx -b:v 200k", seconds: 8),
            Kind(
                name: "long.mkv",
                make: "-f lavfi -i testsrc2=s=64x36:r=12:d=20.3 -f lavfi -i sine=d=20.3 -pix_fmt yuv420p", seconds: 20),
            Kind(name: "moving.gif", make: "-f lavfi -i testsrc2=s=60x60:r=10:d=1.6", seconds: 8),
            Kind(name: "moving.apng", make: "-f lavfi -i testsrc2=s=61x33:r=10:d=1 -f apng", seconds: 8),
            Kind(name: "odd-still.png", make: "-f lavfi -i testsrc2=s=161x91 -frames:v 1", seconds: 8),
            Kind(name: "still.jpg", make: "-f lavfi -i testsrc2=s=320x100 -frames:v 1", seconds: 8),
            Kind(name: "tiny.png", make: "-f lavfi -i testsrc2=s=16x2000 -frames:v 1", seconds: 8),
            Kind(name: "-i %03d odd name.png", make: "-f lavfi -i testsrc2=s=64x64 -frames:v 1 -update 1", seconds: 8),
        ])
    func eachKind(_ kind: Kind) throws {
        try AnimationFixture.scoped { fixture in
            // An image name with a pattern in it is only safe to read, not to write, so it is moved there.
            let ending = kind.name.split(separator: ".").last.map(String.init) ?? ""
            let made = try fixture.make(kind.make, named: "made.\(ending)")
            let file = try fixture.write(try fixture.read(made), named: kind.name)
            let loop = try fixture.library.prepare(operatorFile: file, format: AnimationFixture.small)
            #expect(loop.seconds == kind.seconds)
            #expect(loop.frames == kind.seconds * 10)
            let streams = try fixture.probe(loop.path, entries: "stream=codec_type,width,height,sample_aspect_ratio")
            #expect(streams == ["video,160,90,1:1"])
        }
    }

    @Test func `a tall picture is letterboxed and keeps its shape`() throws {
        try AnimationFixture.scoped { fixture in
            let file = try fixture.make("-f lavfi -i color=white:s=45x90 -frames:v 1", named: "tall.png")
            let loop = try fixture.library.prepare(operatorFile: file, format: AnimationFixture.small)
            let picture = try fixture.picture(of: loop.path, frame: 5, width: 160, height: 90)
            let row = (0..<160).map { picture[(45 * 160 + $0) * 3] }
            let bright = row.indices.filter { row[$0] > 128 }
            // Half as wide as high, in the middle.
            #expect(bright.count >= 42 && bright.count <= 48)
            #expect(abs((bright.first ?? 0) - (159 - (bright.last ?? 0))) <= 2)
        }
    }

    @Test func `pixels that are not square are shown as they were meant`() throws {
        try AnimationFixture.scoped { fixture in
            let file = try fixture.make(
                "-f lavfi -i color=white:s=80x90:r=10:d=2 -vf setsar=2 -pix_fmt yuv420p", named: "wide.mp4")
            let loop = try fixture.library.prepare(operatorFile: file, format: AnimationFixture.small)
            let picture = try fixture.picture(of: loop.path, frame: 0, width: 160, height: 90)
            #expect(picture.allSatisfy { $0 > 200 })
        }
    }

    @Test func `a film held sideways is turned upright`() throws {
        try AnimationFixture.scoped { fixture in
            // Red on the left; a quarter turn must bring it to one end of a tall picture.
            try fixture.make(
                "-f lavfi -i color=blue:s=128x64:r=10:d=2 -vf drawbox=w=64:h=64:color=red:t=fill -pix_fmt yuv420p",
                named: "level.mp4")
            let turned = try fixture.make(
                "-i \(fixture.path("level.mp4")) -c copy -metadata:s:v rotate=90", named: "turned.mov")
            // How ffmpeg itself shows it is how every player shows it.
            let shown = try fixture.make("-i \(turned) -frames:v 1", named: "shown.png")
            let film = try fixture.library.prepare(operatorFile: turned, format: AnimationFixture.small)
            let still = try fixture.library.prepare(operatorFile: shown, format: AnimationFixture.small)
            let a = try fixture.picture(of: film.path, frame: 3, width: 160, height: 90)
            let b = try fixture.picture(of: still.path, frame: 3, width: 160, height: 90)
            #expect(AnimationFixture.difference(a, b) < 4)
            #expect(a[(45 * 160 + 5) * 3] < 30, "beside a tall picture it is black")
        }
    }

    @Test func `what is transparent becomes black`() throws {
        try AnimationFixture.scoped { fixture in
            let clear = "-vf format=rgba,colorchannelmixer=aa=0"
            let png = try fixture.make("-f lavfi -i color=white:s=160x90 \(clear) -frames:v 1", named: "clear.png")
            let webm = try fixture.make(
                "-f lavfi -i color=white:s=160x90:r=10:d=2 \(clear) -c:v libvpx-vp9 -pix_fmt yuva420p",
                named: "clear.webm")
            for file in [png, webm] {
                let loop = try fixture.library.prepare(operatorFile: file, format: AnimationFixture.small)
                let picture = try fixture.picture(of: loop.path, frame: 0, width: 160, height: 90)
                #expect(picture.allSatisfy { $0 < 24 }, "\(file)")
            }
        }
    }

    @Test func `film for bright screens is brought to an ordinary one`() throws {
        try AnimationFixture.scoped { fixture in
            let file = try fixture.make(
                "-f lavfi -i color=gray:s=160x90:r=10:d=2 -vf format=yuv420p10le -c:v libvpx-vp9 -profile:v 2",
                "-color_primaries bt2020 -color_trc arib-std-b67 -colorspace bt2020nc -color_range tv",
                named: "hlg.webm")
            let loop = try fixture.library.prepare(operatorFile: file, format: AnimationFixture.small)
            let picture = try fixture.picture(of: loop.path, frame: 0, width: 160, height: 90)
            #expect(picture[0] > 40 && picture[0] < 230)
        }
    }
}
