import Encoder
import Testing

@Suite struct AnimationLibraryTests {
    @Test func `a short film is prepared once and then comes from the cache without any tool`() throws {
        try AnimationFixture.scoped { fixture in
            let film = try fixture.make("-f lavfi -i testsrc2=s=128x72:r=25:d=4 -pix_fmt yuv420p", named: "film.mp4")
            let first = try fixture.library.prepare(operatorFile: film, format: AnimationFixture.small)
            #expect(!first.fromCache)
            #expect(first.seconds == 8)
            let second = try fixture.libraryWithoutTools.prepare(operatorFile: film, format: AnimationFixture.small)
            #expect(second.fromCache)
            #expect(second.path == first.path)
        }
    }
}
