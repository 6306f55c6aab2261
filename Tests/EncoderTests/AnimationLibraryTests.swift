import Dispatch
import Encoder
import FoundationEssentials
import Glibc
import Platform
import Synchronization
import Testing

@Suite struct AnimationLibraryTests {
    private static let source = "-f lavfi -i testsrc2=s=128x72:r=25:d=4 -pix_fmt yuv420p"

    @Test func `a film is prepared once and then comes from the cache without any tool`() throws {
        try AnimationFixture.scoped { fixture in
            let film = try fixture.make(Self.source, named: "film.mp4")
            let first = try fixture.library.prepare(operatorFile: film, format: AnimationFixture.small)
            #expect(!first.fromCache)
            let second = try fixture.libraryWithoutTools.prepare(operatorFile: film, format: AnimationFixture.small)
            #expect(second.fromCache)
            #expect(second.path == first.path && second.frames == first.frames && second.level == first.level)
            // The name is no part of it, the content is.
            let renamed = try fixture.write(try fixture.read(film), named: "renamed.mp4")
            #expect(
                try fixture.libraryWithoutTools.prepare(operatorFile: renamed, format: AnimationFixture.small).fromCache
            )
            let changed = try fixture.write(try fixture.read(film) + [0], named: "film.mp4")
            #expect(throws: AnimationError.self) {
                try fixture.libraryWithoutTools.prepare(operatorFile: changed, format: AnimationFixture.small)
            }
        }
    }

    @Test func `another format is another loop`() throws {
        try AnimationFixture.scoped { fixture in
            let film = try fixture.make(Self.source, named: "film.mp4")
            let one = try fixture.library.prepare(operatorFile: film, format: AnimationFixture.small)
            let format = PictureFormat(width: 160, height: 90, framesPerSecond: 12, videoKbps: 100)
            let two = try fixture.library.prepare(operatorFile: film, format: format)
            #expect(!two.fromCache && two.path != one.path && two.frames == 96)
        }
    }

    @Test(arguments: ["a byte changed", "cut short", "facts lost", "facts are nonsense", "movie lost"])
    func `a broken cache entry is made anew`(_ accident: String) throws {
        try AnimationFixture.scoped { fixture in
            let film = try fixture.make(Self.source, named: "film.mp4")
            let first = try fixture.library.prepare(operatorFile: film, format: AnimationFixture.small)
            var bytes = try fixture.read(first.path)
            let name = "cache/" + String(first.path.split(separator: "/").last ?? "")
            let facts = name.replacing(".mp4", with: ".json")
            switch accident {
            case "a byte changed":
                bytes[bytes.count / 2] ^= 1
                _ = try fixture.write(bytes, named: name)
            case "cut short": _ = try fixture.write(Array(bytes.dropLast(1)), named: name)
            case "facts lost": unlink(fixture.path(facts))
            case "facts are nonsense": _ = try fixture.write(Array("{\"facts\":".utf8), named: facts)
            default: unlink(first.path)
            }
            let again = try fixture.library.prepare(operatorFile: film, format: AnimationFixture.small)
            #expect(!again.fromCache)
            #expect(again.path == first.path)
            #expect(
                try fixture.libraryWithoutTools.prepare(operatorFile: film, format: AnimationFixture.small).fromCache)
        }
    }

    @Test func `preparers at the same moment make one loop and do not disturb each other`() throws {
        try AnimationFixture.scoped { fixture in
            let film = try fixture.make(Self.source, named: "film.mp4")
            let results = Mutex<[PreparedAnimation]>([])
            let preparers = DispatchGroup()
            for _ in 0..<4 {
                DispatchQueue.global().async(group: preparers) {
                    let loop = try? fixture.library.prepare(operatorFile: film, format: AnimationFixture.small)
                    results.withLock { if let loop { $0.append(loop) } }
                }
            }
            #expect(preparers.wait(timeout: .now() + 120) == .success)
            let loops = results.withLock { $0 }
            #expect(loops.count == 4)
            #expect(loops.count { !$0.fromCache } == 1)
            #expect(Set(loops.map(\.path)).count == 1)
        }
    }

    @Test func `the leavings of a preparer that died are swept away`() throws {
        try AnimationFixture.scoped { fixture in
            let film = try fixture.make(Self.source, named: "film.mp4")
            let work = "\(fixture.cacheDirectory)/making"
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            _ = try fixture.write([1, 2, 3], named: "cache/making/loop.mp4")
            _ = try fixture.library.prepare(operatorFile: film, format: AnimationFixture.small)
            #expect(access(work, F_OK) != 0)
        }
    }

    @Test func `twenty entries are kept, the ones used last`() throws {
        try AnimationFixture.scoped { fixture in
            try FileManager.default.createDirectory(atPath: fixture.cacheDirectory, withIntermediateDirectories: true)
            for n in 0..<25 {
                for ending in ["mp4", "json"] {
                    let path = try fixture.write([UInt8(n)], named: "cache/old\(n).\(ending)")
                    var times = [
                        timespec(tv_sec: 1_000_000 + n, tv_nsec: 0), timespec(tv_sec: 1_000_000 + n, tv_nsec: 0),
                    ]
                    utimensat(AT_FDCWD, path, &times, 0)
                }
            }
            let film = try fixture.make(Self.source, named: "film.mp4")
            let loop = try fixture.library.prepare(operatorFile: film, format: AnimationFixture.small)
            let movies = try FileManager.default.contentsOfDirectory(atPath: fixture.cacheDirectory).filter {
                $0.hasSuffix(".mp4")
            }
            #expect(movies.count == 20)
            #expect(access(loop.path, F_OK) == 0)
            #expect(movies.contains("old24.mp4") && !movies.contains("old5.mp4"))
        }
    }

    @Test func `cancelling stops the tools and leaves nothing behind`() throws {
        try AnimationFixture.scoped { fixture in
            let film = try fixture.make(Self.source, named: "film.mp4")
            for calls in [1, 3, 6] {
                var asked = 0
                let error = #expect(throws: AnimationError.self) {
                    try fixture.library.prepare(
                        operatorFile: film, format: AnimationFixture.small, progress: { _ in },
                        isCancelled: {
                            asked += 1
                            return asked >= calls
                        })
                }
                #expect(error == .cancelled)
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: fixture.cacheDirectory)
            #expect(left.allSatisfy { $0 == "lock" })
        }
    }

    @Test func `progress grows to one`() throws {
        try AnimationFixture.scoped { fixture in
            let format = PictureFormat(width: 128, height: 72, framesPerSecond: 5, videoKbps: 100)
            var told: [Double] = []
            _ = try fixture.library.prepare(operatorFile: nil, format: format, progress: { told.append($0) })
            #expect(told.count > 10)
            #expect(told == told.sorted())
            #expect(told.last == 1)
        }
    }
}
