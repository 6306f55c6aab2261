import Domain
import Testing

@testable import Forecast

struct TrackRestTests {
    private let policy = GenerationPolicy(bands: HealthBands(healthyRestSeconds: 300, warningRestSeconds: 120))

    private func rest(_ health: BufferHealth, hours: Double = 20, speed: Double? = nil, extra: Double = 0) -> TrackRest
    {
        let pace = BackendPace(name: "a", speed: speed)
        return TrackRest(
            policy, in: Situation(hours: hours, health: health, backends: [pace], extraRestSeconds: extra), after: "a")
    }

    @Test("the supervisor's rest comes on top of the Buffer's, and each says why")
    func sum() {
        let plain = rest(.warning)
        #expect(plain.seconds == 120 && plain.words == "resting, the buffer is WARNING")
        let held = rest(.critical, extra: 20)
        #expect(held.seconds == 20 && held.words == "resting, the buffer is CRITICAL and the processors are short")
    }

    @Test("a rest that was shortened says why")
    func shortened() {
        let found = rest(.healthy, hours: 24.2, speed: 15)
        #expect(found.seconds < 60 && found.words == "resting, the buffer is HEALTHY and would sink")
    }

    @Test("a rest that is no number of seconds is none", arguments: [-5, Double.infinity, -.infinity, .nan])
    func odd(extra: Double) {
        #expect(rest(.healthy, extra: extra).seconds == 300)
    }
}
