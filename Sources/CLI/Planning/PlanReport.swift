internal import Domain
internal import Forecast
internal import Foundation

/// What a plan comes to: the play itself, and what it means.
struct PlanReport {
    let policy: GenerationPolicy
    let backends: [BackendPace]
    let played: Simulation
    let forecast: BufferForecast
    let leavesAir: Bool
    /// Off the air, if the station left it when the Buffer is depleted.
    let deadAirHours: Double

    init(policy: GenerationPolicy, backends: [BackendPace], bufferHours: Double, hours: Double, leavesAir: Bool) {
        self.policy = policy
        self.backends = backends
        self.leavesAir = leavesAir
        var simulator = Simulator(policy: policy, backends: backends)
        simulator.samplesMax = 1000
        simulator.leavesAirWhenDepleted = true
        let dark = simulator.play(bufferHours: bufferHours, hours: hours)
        deadAirHours = dark.deadAirHours
        simulator.leavesAirWhenDepleted = false
        played = leavesAir ? dark : simulator.play(bufferHours: bufferHours, hours: hours)
        let health = policy.bands.health(hours: bufferHours, previous: nil)
        forecast = Outlook(policy: policy)
            .forecast(Situation(hours: bufferHours, health: health, backends: backends))
    }

    var summary: Summary {
        Summary(
            forecast: forecast, backends: backends, generators: policy.generators, trackSeconds: policy.trackSeconds,
            hours: played.hours, startHours: played.startHours, endHours: played.bufferHours,
            lowestHours: played.lowestHours, emptiedAt: played.emptiedAt, emptyHours: played.emptyHours,
            deadAirHoursUnderShutdown: deadAirHours, composedHours: played.composedHours, states: played.states,
            handovers: played.handovers, samples: played.samples)
    }

    /// As `--json` prints it.
    struct Summary: Encodable {
        var forecast: BufferForecast
        var backends: [BackendPace]
        var generators: Int
        var trackSeconds: Double
        var hours: Double
        var startHours: Double
        var endHours: Double
        var lowestHours: Double
        var emptiedAt: Double?
        var emptyHours: Double
        var deadAirHoursUnderShutdown: Double
        var composedHours: [String: Double]
        var states: [Simulation.StateChange]
        var handovers: [Simulation.Handover]
        var samples: [Simulation.Sample]
    }
}

/// The plan in words, below its picture.
enum PlanWords {
    private static let shownMax = 8

    static func lines(_ report: PlanReport) -> [String] {
        let played = report.played
        var lines = ["forecast  \(report.forecast.words)"]
        lines += list(played.states, label: "states") { state in
            "\(at(state.hour))  \(state.health.rawValue) begins"
        }
        let handovers = played.handovers.filter { $0.from != nil }
        lines += list(handovers, label: "handovers") { handover in
            "\(at(handover.hour))  \(handover.to) takes over at \(hours(handover.bufferHours)) of music"
        }
        if let emptied = played.emptiedAt { lines.append("empty     \(at(emptied))") }
        if played.emptyHours > 0 {
            lines.append(
                "gap       \(hours(played.emptyHours)) that the evergreen library and the synth have to fill")
        }
        lines.append("dead air  \(hours(report.deadAirHours)) under when_depleted = \"shutdown\"")
        for pace in report.backends {
            let speed = pace.speed.map { String(format: "%g", $0) } ?? "unknown"
            let made = hours(played.composedHours[pace.name] ?? 0)
            lines.append("made      \(made) by \(pace.name), at \(speed) x real time")
        }
        lines.append("ends      with \(hours(played.bufferHours)) of music after \(hours(played.hours))")
        return lines
    }

    private static func list<Item>(_ items: [Item], label: String, _ words: (Item) -> String) -> [String] {
        var lines = items.prefix(shownMax).enumerated().map { place, item in
            (place == 0 ? label.padding(toLength: 10, withPad: " ", startingAt: 0) : "          ") + words(item)
        }
        if items.count > shownMax { lines.append("          and \(items.count - shownMax) more") }
        return lines
    }

    private static func hours(_ hours: Double) -> String { String(format: "%.1f h", hours) }
    private static func at(_ hour: Double) -> String { String(format: "at %5.1f h", hour) }
}
