import Glibc
import Testing

@testable import Encoder

@Suite struct AnimationSceneTests {
    private static let scene = NightScene(
        fitting: PictureFormat(width: 320, height: 180, framesPerSecond: 30, videoKbps: 1000))

    @Test func `the end of the scene meets its beginning`() {
        let frames = [237, 238, 239, 240, 1, 2].map { Self.scene.frame(atSecond: Double($0) / 30) }
        let steps = (1..<frames.count).map { AnimationFixture.difference(frames[$0 - 1], frames[$0]) }
        // Frame 240 is frame 0.
        #expect(Self.scene.frame(atSecond: 0) == frames[3])
        let usual = (steps[0] + steps[1] + steps[4]) / 3
        #expect(usual > 0.01, "something moves")
        #expect(steps[2] < usual * 1.5 && steps[3] < usual * 1.5, "\(steps)")
    }

    @Test func `nothing leaps anywhere in the loop`() {
        var before = Self.scene.frame(atSecond: 0)
        var steps: [Double] = []
        for frame in 1...240 {
            let now = Self.scene.frame(atSecond: Double(frame) / 30)
            steps.append(AnimationFixture.difference(before, now))
            before = now
        }
        let usual = steps.sorted()[120]
        #expect((steps.max() ?? 0) < usual * 2)
        #expect((steps.min() ?? 0) > usual / 3)
    }

    @Test func `the same moment is the same picture`() {
        let again = NightScene(fitting: PictureFormat(width: 320, height: 180, framesPerSecond: 24, videoKbps: 1))
        #expect(again.frame(atSecond: 1.5) == Self.scene.frame(atSecond: 9.5))
    }

    @Test func `the scene is a night with lights in it`() {
        let picture = Self.scene.frame(atSecond: 3)
        let mean = Double(picture.reduce(0) { $0 + Int($1) }) / Double(picture.count)
        #expect(mean > 25 && mean < 110)
        #expect(picture.count { $0 > 230 } > 100)
    }

    @Test(arguments: [(64, 36), (360, 640), (640, 360), (200, 200)])
    func `the scene fits every shape`(_ width: Int, _ height: Int) {
        let scene = NightScene(fitting: PictureFormat(width: width, height: height, framesPerSecond: 30, videoKbps: 1))
        #expect(scene.frame(atSecond: 1).count == width * height * 3)
    }

    @Test func `very large pictures are drawn at half their size`() {
        let scene = NightScene(fitting: PictureFormat(width: 2560, height: 1440, framesPerSecond: 30, videoKbps: 1))
        #expect(scene.width == 1280 && scene.height == 720)
    }
}
