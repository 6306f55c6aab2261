import Domain
import IPC
import Testing

@testable import Generator

struct TrackRestTests {
    private let bands = HealthBands(healthyRestSeconds: 300, warningRestSeconds: 120)

    @Test("the supervisor's rest comes on top of the Buffer's, and each says why")
    func sum() {
        let plain = TrackRest(health: .warning, bands: bands, tuning: WorkerTuning())
        #expect(plain.seconds == 120 && plain.words == "resting, the buffer is WARNING")
        let held = TrackRest(health: .critical, bands: bands, tuning: WorkerTuning(extraRestSeconds: 20))
        #expect(held.seconds == 20 && held.words == "resting, the buffer is CRITICAL and the processors are short")
    }

    @Test("a rest that is no number of seconds is none", arguments: [-5, Double.infinity, -.infinity, .nan])
    func nonsense(extra: Double) {
        let rest = TrackRest(health: .depleted, bands: bands, tuning: WorkerTuning(extraRestSeconds: extra))
        #expect(rest.seconds == 0)
    }
}
