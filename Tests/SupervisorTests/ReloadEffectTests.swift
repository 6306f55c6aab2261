import Config
import Domain
import IPC
import Supervisor
import Testing

struct ReloadEffectTests {
    @Test("every key of the configuration has an effect")
    func everyKey() {
        for path in StationConfig.keyPaths { #expect(ReloadEffect.of(key: path) != nil, "\(path)") }
        #expect(ReloadEffect.of(key: "generator.colour") == nil)
        #expect(ReloadEffect.of(key: "generator") == nil)
    }

    @Test("all changes together say which workers are started again and what waits for the operator")
    func together() {
        var after = StationConfig()
        after.generator.seed = 7
        after.generator.count = 3
        after.feeder.crossfadeSeconds = 1
        after.encoder.videoKbps = 3000
        after.destinations = [Destination(name: "copy", url: "/srv/copy.ts")]
        let effects = ReloadEffects(from: StationConfig(), to: after)
        #expect(effects.restarts == [.generator, .feeder])
        #expect(effects.contains(.rescale))
        #expect(effects.contains(.encoderLive))
        #expect(!effects.contains(.renice))
        #expect(effects.encoderKeys == ["encoder.video_kbps"])
        #expect(
            effects.steps.map(\.key) == [
                "generator.count", "generator.seed", "feeder.crossfade_seconds", "encoder.video_kbps",
                "destinations.copy",
            ])
        #expect(effects.steps[1].effect == "every generator is started again; nothing of it is heard")
        #expect(ReloadEffects(from: after, to: after).isEmpty)
    }
}
