public import Domain

/// Plays a station's Buffer through hours and weeks, on the policy that its generators go by.
///
/// A batch is on the Buffer when all of it is done, as it is with models that render a batch at once. Playback takes
/// an hour of music an hour; what is aired while the Buffer is empty comes from elsewhere.
public struct Simulator: Sendable {
    public var policy: GenerationPolicy
    /// The chain, with the speeds to play with.
    public var backends: [BackendPace]
    public var extraRestSeconds = 0.0
    /// Hours of music aired in an hour: 1, or 0 for a station that only fills its Buffer.
    public var playback = 1.0
    /// True where a station with a depleted Buffer leaves the air until it is better.
    public var leavesAirWhenDepleted = false
    /// How many samples a whole play has.
    public var samplesMax = 2000
    /// More changes than this are not written down.
    private static let changesMax = 10_000
    /// A generator looks again at a rest after each such part of it, within these seconds.
    private static let lookSeconds = 1.0...60.0
    /// As a generator waits while the Buffer is full.
    private static let fullSeconds = 5.0

    public init(policy: GenerationPolicy, backends: [BackendPace]) {
        self.policy = policy
        self.backends = backends
    }

    /// Plays `hours` hours from `bufferHours` of music on.
    /// - Parameter until: asked after each change; true ends the play.
    public func play(
        bufferHours: Double, hours: Double, asked: String? = nil, until: (Simulation) -> Bool = { _ in false }
    ) -> Simulation {
        var run = Run(self, bufferHours: bufferHours, hours: hours, asked: asked)
        while run.now < hours {
            run.advance(to: min(hours, run.nextEvent))
            if run.now < hours { run.serve() }
            if until(run.played) { break }
        }
        run.finish()
        return run.played
    }

    /// One generator.
    private enum Actor {
        case composing(until: Double, backend: String, music: Double)
        /// `ask` is when it looks at its rest again.
        case resting(since: Double, ask: Double, backend: String?)
        case waiting(until: Double)

        var due: Double {
            switch self {
            case .composing(let until, _, _), .waiting(let until): until
            case .resting(_, let ask, _): ask
            }
        }
    }

    /// The state of one play. Times are hours.
    private struct Run {
        let simulator: Simulator
        var played: Simulation
        var now = 0.0
        var music: Double
        var health: BufferHealth
        var asked: String?
        private var actors: [Actor]
        private let sampleHours: Double
        private var sampledAt = -Double.infinity
        private var policy: GenerationPolicy { simulator.policy }

        init(_ simulator: Simulator, bufferHours: Double, hours: Double, asked: String?) {
            self.simulator = simulator
            self.asked = asked
            music = max(0, bufferHours)
            health = simulator.policy.bands.health(hours: music, previous: nil)
            actors = (0..<simulator.policy.generators).map { _ in .waiting(until: 0) }
            sampleHours = max(hours, 1e-6) / Double(max(1, simulator.samplesMax))
            played = Simulation(startHours: music)
            played.states.append(Simulation.StateChange(hour: 0, health: health))
            sample()
        }

        var nextEvent: Double { actors.map(\.due).min() ?? .infinity }

        var isDark: Bool { simulator.leavesAirWhenDepleted && health == .depleted }

        var situation: Situation {
            Situation(
                hours: music, health: health, backends: simulator.backends,
                extraRestSeconds: simulator.extraRestSeconds)
        }

        /// Lets time pass up to `then`, with a stop wherever playback crosses a threshold or empties the Buffer.
        mutating func advance(to then: Double) {
            while now < then {
                let falling = isDark ? 0 : simulator.playback
                var step = min(then - now, max(0, sampledAt + sampleHours - now))
                if step <= 0 { step = then - now }
                if falling > 0, music > 0 {
                    let edges = [0, bands.emergencyHours, bands.criticalHours, bands.warningHours, bands.healthyHours]
                    // A state ends at its threshold, not under it.
                    for edge in edges where edge < music { step = min(step, (music - edge) / falling) }
                }
                note(step)
                let before = music
                music = max(0, music - falling * step)
                // The hour itself must move, however small the step.
                now = step > 0 ? max(now + step, now.nextUp) : then
                if music < 1e-9 { music = 0 }
                if music == 0, before > 0 { played.emptiedAt = played.emptiedAt ?? now }
                played.bufferHours = music
                played.hours = now
                update()
                if now >= sampledAt + sampleHours { sample() }
            }
        }

        private var bands: HealthBands { policy.bands }

        private mutating func note(_ step: Double) {
            if isDark {
                played.deadAirHours += step
            } else if music <= 0, simulator.playback > 0 {
                played.emptyHours += step
            }
        }

        /// Serves every generator that is due.
        mutating func serve() {
            for index in actors.indices where actors[index].due <= now + 1e-12 { actors[index] = next(actors[index]) }
        }

        private mutating func next(_ actor: Actor) -> Actor {
            switch actor {
            case .composing(_, let backend, let made):
                music += made
                played.bufferHours = music
                played.composedHours[backend, default: 0] += made
                update()
                return rest(since: now, after: backend)
            case .resting(let since, _, let backend): return rest(since: since, after: backend)
            case .waiting: return begin()
            }
        }

        private mutating func rest(since: Double, after backend: String?) -> Actor {
            let whole = TrackRest(policy, in: situation, after: backend)
            let left = since + whole.seconds / 3600 - now
            if left <= 1e-9 { return begin() }
            let look = min(max(left * 3600 / 8, lookSeconds.lowerBound), lookSeconds.upperBound) / 3600
            return .resting(since: since, ask: now + min(left, look), backend: backend)
        }

        private mutating func begin() -> Actor {
            if policy.isFull(hours: music) {
                let over = simulator.playback > 0 ? (music - policy.maxHours) / simulator.playback : 0
                return .waiting(until: now + max(over, fullSeconds / 3600))
            }
            guard let name = policy.backend(in: situation, asked: asked), let pace = situation.pace(of: name),
                let seconds = policy.batchSeconds(pace)
            else { return .waiting(until: .infinity) }
            if name != asked {
                if played.handovers.count < changesMax {
                    played.handovers.append(Simulation.Handover(hour: now, from: asked, to: name, bufferHours: music))
                }
                asked = name
            }
            return .composing(until: now + seconds / 3600, backend: name, music: policy.music(pace) / 3600)
        }

        private mutating func update() {
            let found = bands.health(hours: music, previous: health)
            played.lowestHours = min(played.lowestHours, music)
            guard found != health else { return }
            health = found
            if played.states.count < changesMax {
                played.states.append(Simulation.StateChange(hour: now, health: found))
            }
        }

        private mutating func sample() {
            sampledAt = now
            played.samples.append(Simulation.Sample(hour: now, bufferHours: music, health: health, backend: asked))
        }

        mutating func finish() {
            if played.samples.last?.hour != now { sample() }
        }
    }
}
