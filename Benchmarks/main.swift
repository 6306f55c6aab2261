import FoundationEssentials
import Glibc
import Platform
import TestSupport

// lofisup-bench [--quick] [--only NAME,NAME]: measures, and prints tables on standard output. A full run also puts
// them into Benchmarks/README.md, so it is started from the repository's root: script/bench does.

let measurements: [(name: String, measure: @Sendable (Workbench) throws -> [Table])] = [
    ("streaming", { [try StreamingCost.measure($0)] }), ("synth", { [try SynthSpeed.measure($0)] }),
    ("admission", { [try AdmissionCost.measure($0)] }), ("buffer", { [try ShelfSpeed.measure($0)] }),
    ("kill", { [try KillToReady.measure($0)] }), ("ipc", { [try RoundTrip.measure($0)] }),
    ("supervision", Supervision.measure), ("memory", { [try ResidentMemory.measure($0)] }),
]

let arguments = CommandLine.arguments.dropFirst()
if arguments.first == "supervise" { exit(try SupervisionHost.run(Array(arguments.dropFirst()))) }
let isQuick = arguments.contains("--quick")
let only = arguments.firstIndex(of: "--only").map { place in
    arguments.dropFirst(place + 1 - arguments.startIndex).first?.split(separator: ",").map(String.init) ?? []
}
let unknown = (only ?? []).filter { name in !measurements.contains { $0.name == name } }
if !unknown.isEmpty || only?.isEmpty == true {
    Log.error("--only takes names out of \(measurements.map(\.name).joined(separator: ",")), not \(unknown)")
    exit(64)
}
let loadAtStart = Machine.load

/// Measures everything that is wanted.
/// - Returns: the tables as text; nil when something could not be measured.
@Sendable func measureAll(stop: StopSignal) throws -> String? {
    try withTemporaryDirectory { directory in
        let bench = try Workbench(settings: isQuick ? .quick : .full, stop: stop, directory: directory)
        var tables: [Table] = []
        var isWhole = true
        for (name, measure) in measurements where only?.contains(name) ?? true {
            do {
                for table in try measure(bench) {
                    tables.append(table)
                    print(table.markdown)
                    fflush(nil)
                }
            } catch let error as Pace.Interrupted {
                throw error
            } catch {
                Log.error("\(name) was not measured: \(error)")
                isWhole = false
            }
        }
        let machine = Machine.table(searchPath: bench.searchPath, loadAtStart: loadAtStart)
        print(machine.markdown)
        return isWhole ? ([machine] + tables).map(\.markdown).joined(separator: "\n") : nil
    }
}

// The main thread waits for signals, so that an interrupted run takes its stations down and removes its files.
let signals = try SignalFeed([SIGINT, SIGTERM, SIGHUP])
let stop = try StopSignal()
let done = Monitor<Int32?>(nil)
NamedThread.start("bench") {
    var code: Int32 = 1
    do {
        if let text = try measureAll(stop: stop) {
            if !isQuick, only == nil { try Report.write(text) }
            code = 0
        }
    } catch {
        Log.error("\(error)")
    }
    done.withLock { [code] in $0 = code }
}
while true {
    if signals.next() != nil { stop.give(reason: "a signal") }
    if let code = done.wait(timeoutSeconds: 0.5, until: { $0 }) { exit(code) }
}
