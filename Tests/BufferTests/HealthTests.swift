import Buffer
import Domain
import Platform
import Testing

struct HealthTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private let bands = HealthBands()

    @Test(arguments: [
        (24.01, BufferHealth.healthy), (24, .warning), (12.01, .warning), (12, .critical), (6.01, .critical),
        (6, .emergency), (2.01, .emergency), (2, .depleted), (0, .depleted),
    ])
    func `a threshold itself belongs to the worse state`(hours: Double, health: BufferHealth) {
        #expect(bands.health(hours: hours, previous: nil) == health)
        #expect(bands.health(hours: hours, previous: .healthy) == health, "falling is immediate")
    }

    @Test func `a better state needs the hysteresis on top of its threshold`() {
        #expect(bands.health(hours: 24.05, previous: .warning) == .warning)
        #expect(bands.health(hours: 24.11, previous: .warning) == .healthy)
        #expect(bands.health(hours: 2.1, previous: .depleted) == .depleted)
        #expect(bands.health(hours: 2.11, previous: .depleted) == .emergency)
        // A big jump upwards stops where the hysteresis lets it.
        #expect(bands.health(hours: 12.05, previous: .depleted) == .critical)
    }

    @Test func `figures that waver around a threshold change the state once`() {
        var health = BufferHealth.healthy
        var changes = 0
        for step in 0..<100 {
            let next = bands.health(hours: step.isMultiple(of: 2) ? 23.99 : 24.04, previous: health)
            if next != health { changes += 1 }
            health = next
        }
        #expect(changes == 1 && health == .warning)
    }

    @Test func `generators rest five minutes, then two, then not at all`() {
        #expect(BufferHealth.allCases.map { bands.restSeconds(in: $0) } == [300, 120, 0, 0, 0])
    }

    @Test func `all processes see the same state, because the last change left it`() throws {
        var rules = BufferRules.make()
        // One track of half a second is 0.00014 h.
        rules.health = HealthBands(
            healthyHours: 0.001, warningHours: 0.0008, criticalHours: 0.0006, emergencyHours: 0.0004,
            hysteresisHours: 0.0001)
        let buffer = try scratch.open(rules)
        var seen: [BufferHealth] = []
        for _ in 0..<4 {
            try buffer.compose(1, frames: 22_050)
            seen.append(try buffer.summary().health)
            #expect(try scratch.open(rules).summary().health == seen.last)
        }
        // 0.00042 h and 0.00056 h lie above emergency's threshold, the first not by the hysteresis.
        #expect(seen == [.depleted, .depleted, .depleted, .emergency])
        #expect(try buffer.summary(previous: .healthy).health == .emergency)
        try buffer.markConsumed(through: 1, airedAtWallSeconds: 0)
        #expect(try buffer.summary().health == .emergency, "falling needs no hysteresis: 0.00042 h is emergency")
        #expect(try abs(buffer.readySeconds() - 1.5) < 1e-9)
        #expect(try buffer.summary().readyTracks == 3)
    }

    @Test func `a new buffer is depleted`() throws {
        let summary = try scratch.open().summary()
        #expect(summary.health == .depleted && summary.hours == 0 && summary.readyTracks == 0)
        #expect(summary.notice == nil && summary.diskFreeBytes > 0 && summary.targetHours == 24)
    }
}
