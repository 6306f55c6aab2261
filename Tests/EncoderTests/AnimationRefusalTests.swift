import Encoder
import Glibc
import Testing

@Suite struct AnimationRefusalTests {
    /// The error that preparing `file` ends with.
    private func refusal(_ fixture: AnimationFixture, _ file: String) -> AnimationError? {
        #expect(throws: AnimationError.self) {
            try fixture.library.prepare(operatorFile: file, format: AnimationFixture.small)
        }
    }

    @Test func `a missing file is refused by name`() throws {
        try AnimationFixture.scoped { fixture in
            let file = fixture.path("nowhere.mp4")
            #expect(refusal(fixture, file) == .missing(file: file))
            #expect(AnimationError.missing(file: file).description.contains(file))
        }
    }

    @Test func `a file that may not be read is refused`() throws {
        try AnimationFixture.scoped { fixture in
            let file = try fixture.write([1, 2, 3], named: "secret.png")
            chmod(file, 0)
            // Root may read everything; then it is merely no picture.
            switch refusal(fixture, file) {
            case .unreadable: #expect(geteuid() != 0)
            case .notAPicture: #expect(geteuid() == 0)
            case let other: Issue.record("\(String(describing: other))")
            }
        }
    }

    @Test func `a directory and a pipe are refused without waiting`() throws {
        try AnimationFixture.scoped { fixture in
            #expect(refusal(fixture, fixture.directory) == .notAFile(file: fixture.directory))
            let pipe = fixture.path("pipe.mp4")
            mkfifo(pipe, 0o600)
            #expect(refusal(fixture, pipe) == .notAFile(file: pipe))
        }
    }

    @Test func `an empty file is refused`() throws {
        try AnimationFixture.scoped { fixture in
            let file = try fixture.write([], named: "empty.mp4")
            #expect(refusal(fixture, file) == .empty(file: file))
        }
    }

    @Test func `a file of more than four gigabytes is refused before it is read`() throws {
        try AnimationFixture.scoped { fixture in
            let file = try fixture.write([], named: "hole.mp4")
            try #require(truncate(file, (4 << 30) + 1) == 0)
            #expect(refusal(fixture, file) == .tooLarge(file: file, reason: "more than 4 GiB"))
        }
    }

    @Test(arguments: ["just some words, at length, and nothing else in it\n", "#EXTM3U\n#EXTINF:8,\n/etc/passwd\n"])
    func `a text or a play list is not a picture`(_ words: String) throws {
        try AnimationFixture.scoped { fixture in
            let file = try fixture.write(Array(words.utf8), named: "words.mp4")
            guard case .notAPicture(let name, let reason) = refusal(fixture, file) else {
                Issue.record("it was not refused as no picture")
                return
            }
            #expect(name == file)
            #expect(!reason.contains("/proc"))
        }
    }

    @Test func `sound alone is refused, with cover art too`() throws {
        try AnimationFixture.scoped { fixture in
            let song = try fixture.make("-f lavfi -i sine=d=2", named: "song.mp3")
            #expect(refusal(fixture, song) == .audioOnly(file: song))
            let cover = try fixture.make("-f lavfi -i testsrc2=s=64x64 -frames:v 1", named: "cover.png")
            let album = try fixture.make(
                "-i \(song) -i \(cover) -map 0 -map 1 -c:a copy -c:v copy -disposition:v attached_pic",
                named: "album.mp3")
            #expect(refusal(fixture, album) == .audioOnly(file: album))
        }
    }

    @Test func `a film that was never finished is refused as damaged`() throws {
        try AnimationFixture.scoped { fixture in
            let film = try fixture.make("-f lavfi -i testsrc2=s=128x72:d=4 -pix_fmt yuv420p", named: "film.mp4")
            let file = try fixture.write(Array(try fixture.read(film).dropLast(6000)), named: "unfinished.mp4")
            guard case .corrupt(file, _) = refusal(fixture, file) else {
                Issue.record("it was not refused as damaged")
                return
            }
        }
    }

    @Test func `a film with broken pictures is refused as damaged`() throws {
        try AnimationFixture.scoped { fixture in
            let film = try fixture.make(
                "-f lavfi -i testsrc2=s=128x72:d=4 -pix_fmt yuv420p -movflags +faststart", named: "film.mp4")
            var bytes = try fixture.read(film)
            for index in stride(from: bytes.count / 2, to: bytes.count - 100, by: 61) { bytes[index] ^= 0xff }
            let file = try fixture.write(bytes, named: "broken.mp4")
            guard case .corrupt(file, _) = refusal(fixture, file) else {
                Issue.record("it was not refused as damaged")
                return
            }
        }
    }

    @Test func `a picture that stops half way is refused as damaged`() throws {
        try AnimationFixture.scoped { fixture in
            for ending in ["png", "jpg"] {
                let whole = try fixture.make("-f lavfi -i testsrc2=s=320x180 -frames:v 1", named: "whole.\(ending)")
                let bytes = try fixture.read(whole)
                let file = try fixture.write(Array(bytes.prefix(bytes.count / 2)), named: "half.\(ending)")
                switch refusal(fixture, file) {
                case .corrupt(file, _), .noFrames(file), .notAPicture(file, _): break
                case let other: Issue.record("\(ending): \(String(describing: other))")
                }
            }
        }
    }

    @Test func `a film without a frame is refused`() throws {
        try AnimationFixture.scoped { fixture in
            let file = try fixture.make(
                "-f lavfi -i testsrc2=s=64x64:r=10:d=1 -vf trim=end=0 -c:v libx264 -f matroska", named: "none.mkv")
            switch refusal(fixture, file) {
            case .noFrames(file), .notAPicture(file, _): break
            case let other: Issue.record("\(String(describing: other))")
            }
        }
    }

    @Test func `a film of more than two minutes is refused with the advice to cut it`() throws {
        try AnimationFixture.scoped { fixture in
            let file = try fixture.make("-f lavfi -i color=s=32x32:r=2:d=130 -pix_fmt yuv420p", named: "long.mp4")
            let refused = refusal(fixture, file)
            #expect(refused == .tooLong(file: file, seconds: 130, secondsMax: 120))
            #expect(refused?.description.contains("cut it") == true)
            // A stream that was cut off says nothing of its length: it is counted.
            let untold = try fixture.make("-i \(file) -c copy -f matroska -live 1", named: "untold.mkv")
            guard case .tooLong = refusal(fixture, untold) else {
                Issue.record("it was not refused as too long")
                return
            }
        }
    }

    @Test func `formats nobody can encode are refused before any work`() throws {
        try AnimationFixture.scoped { fixture in
            for format in [
                PictureFormat(width: 161, height: 90, framesPerSecond: 10, videoKbps: 100),
                PictureFormat(width: 160, height: 90, framesPerSecond: 0, videoKbps: 100),
                PictureFormat(width: 160, height: 90, framesPerSecond: 10, videoKbps: 0),
            ] {
                let error = #expect(throws: AnimationError.self) {
                    try fixture.libraryWithoutTools.prepare(operatorFile: nil, format: format)
                }
                guard case .badFormat = error else {
                    Issue.record("\(format) was not refused")
                    continue
                }
            }
        }
    }

    @Test func `an ffmpeg that fails is named`() throws {
        try AnimationFixture.scoped { fixture in
            let error = #expect(throws: AnimationError.self) {
                try fixture.libraryWithoutTools.prepare(operatorFile: nil, format: AnimationFixture.small)
            }
            #expect(error?.description.contains("false ended with exit 1") == true)
        }
    }
}
