import Domain
import Testing

@testable import Forecast

struct SimulatorTests {
    private let policy = GenerationPolicy()

    @Test("a backend that is never ahead empties the Buffer when arithmetic says so", arguments: [0.1, 0.42, 0.7, 0.9])
    func closedForm(speed: Double) throws {
        let played = Simulator(policy: policy, backends: [.make("a", speed)]).play(bufferHours: 24, hours: 400)
        let expected = 24 / (1 - speed)
        // The track that is being made when the music ends comes too late.
        #expect(abs(try #require(played.emptiedAt) - expected) <= 60 / speed / 3600 / (1 - speed) + 1e-6)
        // From then on it plays what is made, and something else in between.
        #expect(abs(played.emptyHours - (400 - expected) * (1 - speed)) < 0.1)
        #expect(abs(try #require(played.composedHours["a"]) - 400 * speed) < 0.05)
    }

    @Test("each state begins where its threshold is")
    func thresholds() {
        let played = Simulator(policy: policy, backends: [.make("a", 0.42)]).play(bufferHours: 24, hours: 60)
        #expect(played.states.map(\.health) == [.warning, .critical, .emergency, .depleted])
        for (state, hours) in zip(played.states.dropFirst(), [12.0, 6, 2]) {
            #expect(abs(state.hour - (24 - hours) / 0.58) < 0.2, "\(state)")
        }
    }

    @Test("with the second choice faster than the air the Buffer never falls under WARNING, week after week")
    func fallback() {
        let played = Simulator(policy: policy, backends: [.make("a", 0.42), .make("synth", 15)])
            .play(bufferHours: 24, hours: 4 * 168)
        #expect(played.emptiedAt == nil && played.emptyHours == 0)
        #expect(played.lowestHours > 12)
        #expect(played.states.map(\.health) == [.warning])
        // One handover from the first choice, then to and fro every few hours, not every track.
        #expect((100...500).contains(played.handovers.count))
        // It works nearly all the time: 0.42 of it in music.
        #expect((played.composedHours["a"] ?? 0) > 4 * 168 * 0.39)
    }

    @Test("batches of eight ten-minute tracks do not bring the Buffer under WARNING either")
    func bigBatches() {
        let slow = GenerationPolicy(trackSeconds: 600)
        let played = Simulator(policy: slow, backends: [.make("a", 0.42, batch: 8), .make("synth", 15)])
            .play(bufferHours: 24, hours: 168)
        #expect(played.lowestHours > 11.5)
        #expect(played.emptyHours == 0)
    }

    @Test("a fast backend reaches the target and stays there, neither under HEALTHY for long nor full")
    func steady() throws {
        let played = Simulator(policy: policy, backends: [.make("synth", 15)]).play(bufferHours: 0, hours: 168)
        let late = played.samples.filter { $0.hour > 60 }
        #expect(late.allSatisfy { (23.9...26).contains($0.bufferHours) }, "\(late.map(\.bufferHours).max() ?? 0)")
        #expect(try #require(played.states.last).health == .healthy)
        #expect(played.states.count <= 6, "\(played.states)")
    }

    @Test("under shutdown the hours with a depleted Buffer are dead air, and music is saved meanwhile")
    func deadAir() {
        var simulator = Simulator(policy: policy, backends: [.make("a", 0.42)])
        simulator.leavesAirWhenDepleted = true
        let played = simulator.play(bufferHours: 24, hours: 168)
        #expect(played.emptyHours == 0)
        // From 2 h on all that is aired is what is made: 0.42 of the time.
        let begin = 22 / 0.58
        #expect(abs(played.deadAirHours - (168 - begin) * 0.58) < 1)
        #expect(played.lowestHours > 1.9)
    }

    @Test("two generators make twice as much, and without any nothing is made")
    func generators() throws {
        var two = policy
        two.generators = 2
        #expect(Simulator(policy: two, backends: [.make("a", 0.6)]).play(bufferHours: 6, hours: 48).emptiedAt == nil)
        two.generators = 0
        let none = Simulator(policy: two, backends: [.make("a", 0.6)]).play(bufferHours: 6, hours: 48)
        #expect(abs(try #require(none.emptiedAt) - 6) < 1e-6)
        #expect(none.composedHours.isEmpty)
    }

    @Test("a backend whose speed nobody knows is not played, and nothing waits for ever")
    func unknown() {
        let played = Simulator(policy: policy, backends: [BackendPace(name: "a")]).play(bufferHours: 1, hours: 10)
        #expect(played.hours == 10 && abs(played.emptyHours - 9) < 1e-6)
    }

    @Test("a full Buffer stops the generators")
    func full() {
        var calm = policy
        calm.bands.healthyRestSeconds = 0
        calm.bands.healthyHours = 1
        calm.bands.warningHours = 0.5
        calm.bands.criticalHours = 0.2
        calm.bands.emergencyHours = 0.1
        calm.bands.hysteresisHours = 0
        let played = Simulator(policy: calm, backends: [.make("synth", 15)]).play(bufferHours: 29, hours: 24)
        #expect((played.samples.map(\.bufferHours).max() ?? 0) <= 30 + 60.0 / 3600)
    }
}
