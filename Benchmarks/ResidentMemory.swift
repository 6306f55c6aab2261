import Domain
import Platform

/// The memory of every process of a station that composes and streams, and whether it grows.
enum ResidentMemory {
    static func measure(_ bench: Workbench) throws -> Table {
        let settings = bench.settings
        let samples = try Sink.open(in: bench.directory) { sink in
            let root = try bench.stationRoot("memory")
            let config =
                StationText.generators(1) + StationText.dashboard + StationText.destination(sink.url("memory"))
            return try Station.run(bench, root: root, config: config) { try watch(bench, $0) }
        }
        var table = Table(
            "Memory",
            "MiB of each process of a station that started empty, composes all the time (one generator) and streams"
                + " to one destination, after \(settings.memorySeconds.text(0)) s on the air: resident, and of that"
                + " its own (anonymous). Growth is of the own memory since second"
                + " \(settings.memoryBaselineSeconds.text(0)). Each figure is the median of"
                + " \(settings.memoryWindowSeconds.text(0)) s; \"most\" is the most at any time between. The same"
                + " process from beginning to end, or it is not shown.",
            columns: ["process", "resident", "own", "own, most", "growth"])
        var sums = (resident: 0.0, own: 0.0, growth: 0.0)
        for (name, history) in samples.sorted(by: { $0.key < $1.key }) {
            let early = history.filter { within($0.at, settings.memoryBaselineSeconds, settings) }
            let late = history.filter { within($0.at, settings.memorySeconds, settings) }
            let later = history.filter { $0.at >= settings.memoryBaselineSeconds - settings.memoryWindowSeconds }
            guard !early.isEmpty, !late.isEmpty else { continue }
            let resident = Spread(late.map(\.memory.resident.mebibytes)).median
            let own = Spread(late.map(\.memory.anonymous.mebibytes)).median
            let growth = own - Spread(early.map(\.memory.anonymous.mebibytes)).median
            sums = (sums.resident + resident, sums.own + own, sums.growth + growth)
            table.add(
                name, resident.text(1), own.text(1), Spread(later.map(\.memory.anonymous.mebibytes)).most.text(1),
                growth.text(1))
        }
        table.add(
            "**together**", "**\(sums.resident.text(1))**", "**\(sums.own.text(1))**", "", "**\(sums.growth.text(1))**")
        return table
    }

    private struct Sample {
        var at: Double
        var memory: MemoryFacts
    }

    private static func within(_ at: Double, _ end: Double, _ settings: Settings) -> Bool {
        at > end - settings.memoryWindowSeconds && at <= end
    }

    /// Memory by role. Tools that come and go, like the generator's, are not among them.
    private static func watch(_ bench: Workbench, _ station: Station) throws -> [String: [Sample]] {
        let began = bench.pace.now
        var found: [Int32: (role: String, samples: [Sample])] = [:]
        while bench.pace.now - began < bench.settings.memorySeconds {
            try bench.pace.wait(seconds: 1)
            let at = bench.pace.now - began
            if Int(at) % 60 == 0 { bench.say("memory: \(Int(at)) s") }
            for process in ProcessTree(root: station.pid).processes {
                guard let memory = MemoryFacts(pid: process.pid) else { continue }
                found[process.pid, default: (process.role, [])].samples.append(Sample(at: at, memory: memory))
            }
        }
        let last = ProcessTree(root: station.pid).processes.map(\.pid)
        let lasting = found.filter { last.contains($0.key) }.values.map { ($0.role, $0.samples) }
        return Dictionary(lasting, uniquingKeysWith: { one, other in one.count > other.count ? one : other })
    }
}
