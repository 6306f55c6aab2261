import Config
import Domain
import Forecast
import Testing

@testable import Supervisor

struct ForecastWatchTests {
    private let generator = WorkerName(.generator)

    private func buffer(_ hours: Double) -> BufferSummary {
        BufferSummary(health: .warning, hours: hours, targetHours: 24, readyTracks: 9, diskFreeBytes: 1)
    }

    private func made(_ speed: Double?) -> [GenerationSummary] {
        let pace = BackendPace(name: "slow", speed: speed, tracks: 30)
        return [GenerationSummary(backend: "slow", activity: "composing", paces: [pace])]
    }

    private func look(
        _ watch: inout ForecastWatch, now: Double, hours: Double = 24, generation: [GenerationSummary],
        generators: Int = 1, mode: StationMode = .full
    ) -> (forecast: BufferForecast?, change: ForecastAlarm.Change?) {
        let names = (0..<generators).map { WorkerName(.generator, index: $0 + 1) }
        let question = watch.question(
            now: now, buffer: buffer(hours), generation: generation, generators: names, mode: mode,
            config: StationConfig())
        guard let forecast = question?() else { return (nil, nil) }
        return (forecast, watch.take(forecast, now: now))
    }

    @Test("it foretells from what the generators say, every few seconds and one at a time")
    func foretells() {
        var watch = ForecastWatch()
        #expect(look(&watch, now: 0, generation: []).forecast?.kind == .unknown)
        #expect(look(&watch, now: 5, generation: made(0.42)).forecast == nil)
        #expect(look(&watch, now: 10, generation: made(0.42)).forecast?.sentence == "empty in 41 h")
        #expect(watch.latest?.sentence == "empty in 41 h")
        let first = watch.question(
            now: 20, buffer: buffer(24), generation: [], generators: [generator], mode: .full, config: StationConfig())
        let second = watch.question(
            now: 40, buffer: buffer(24), generation: [], generators: [generator], mode: .full, config: StationConfig())
        #expect(first != nil && second == nil, "an answer is waited for")
    }

    @Test("speeds outlive the generator that told them, and without one at work the music only shrinks")
    func down() {
        var watch = ForecastWatch()
        _ = look(&watch, now: 0, generation: made(15))
        #expect(look(&watch, now: 10, generation: []).forecast?.kind == .steady)
        #expect(look(&watch, now: 20, generation: [], generators: 0).forecast?.sentence == "empty in 24 h")
    }

    @Test("the governor's rest counts, and a station that only fills or only plays is told apart")
    func modes() {
        var watch = ForecastWatch()
        watch.note(extraRestSeconds: 120, of: generator)
        let held = look(&watch, now: 0, generation: made(1.5)).forecast
        #expect(held?.kind == .empties && held?.advice == "the generators are held back for the load")
        #expect(look(&watch, now: 10, hours: 4, generation: made(0.42), mode: .generatorOnly).forecast?.kind == .fills)
        #expect(look(&watch, now: 20, generation: [], mode: .feederOnly).forecast?.kind == .unknown)
    }

    @Test("it warns once when the end is less than a day away, and says once that it is not any more")
    func warns() {
        var watch = ForecastWatch()
        var said: [String] = []
        for second in stride(from: 0.0, to: 900, by: 10) {
            let speed = second < 300 ? 0.42 : 15
            if let change = look(&watch, now: second, hours: 10, generation: made(speed)).change {
                said.append(change.words)
            }
        }
        #expect(said.count == 2, "\(said)")
        #expect(said.first == "the buffer: empty in 17 h; never ahead: add fallback or a renderer")
        #expect(said.last?.hasPrefix("the buffer lasts again: at target in") == true)
    }
}
