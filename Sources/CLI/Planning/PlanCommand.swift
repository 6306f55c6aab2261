internal import ArgumentParser
internal import Config
internal import Domain
internal import Forecast
internal import Foundation
internal import Generator
internal import Platform

/// `lofisup plan`: the Buffer through the hours to come, played in seconds.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Play the hours to come and show what becomes of the buffer.",
        discussion: """
            Plays the policy that the generators go by: rests, states, and the choice among backends. Without \
            --backend-speed it takes the speeds that the station has measured. Changes nothing and needs no running \
            station. (What a changed configuration would do to a running station says `lofisup ctl plan`.)
            """)

    @Option(help: ArgumentHelp("The first choice's speed; 1 composes as fast as it plays.", valueName: "x"))
    var backendSpeed: Double?
    @Option(
        help: ArgumentHelp("The speed of a backend to fall back on; may be given several times.", valueName: "x"))
    var fallbackSpeed: [Double] = []
    @Option(help: ArgumentHelp("How far to play.", valueName: "h")) var hours = 168.0
    @Option(help: ArgumentHelp("Music on the buffer at the start; as configured to be aimed for.", valueName: "h"))
    var bufferHours: Double?
    @Option(help: ArgumentHelp("Tracks the first choice makes at once.", valueName: "n")) var batch = 1
    @Option(help: ArgumentHelp("Generators at work; as configured.", valueName: "n")) var generators: Int?
    @Option(help: ArgumentHelp("Also write the picture, as SVG.", valueName: "file")) var out: String?
    @Flag(help: "Replace a file that is there.") var force = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var station: StationOptions

    func validate() throws {
        guard (backendSpeed.map { [$0] } ?? []).appending(fallbackSpeed).allSatisfy({ (0.001...10_000).contains($0) })
        else { throw ValidationError("a speed must be from 0.001 to 10000") }
        guard (1...8760).contains(hours) else { throw ValidationError("--hours must be from 1 to 8760") }
        guard (0...1000).contains(bufferHours ?? 0) else {
            throw ValidationError("--buffer-hours must be from 0 to 1000")
        }
        guard (1...1000).contains(batch) else { throw ValidationError("--batch must be from 1 to 1000") }
        guard (0...10).contains(generators ?? 0) else { throw ValidationError("--generators must be from 0 to 10") }
        guard fallbackSpeed.isEmpty || backendSpeed != nil else {
            throw ValidationError("--fallback-speed needs --backend-speed")
        }
    }

    func run() throws {
        try reportingErrors {
            let paths = try station.paths()
            let config = try station.load(paths)
            if let out, !force, FileManager.default.fileExists(atPath: out) { throw PlanError.exists(out) }
            let report = PlanReport(
                policy: policy(config), backends: try backends(config, paths),
                bufferHours: bufferHours ?? config.buffer.targetHours, hours: hours,
                leavesAir: config.buffer.whenDepleted == .shutdown)
            if let out { try AtomicFile.write(Data(PlanPicture(report).svg().utf8), to: out) }
            if output.json {
                try output.print(report.summary) { _ in "" }
            } else {
                let chart = PlanChart(
                    width: Terminal.isOutput ? Terminal.size.columns : 80,
                    isColoured: Terminal.isOutput && (station.environment["NO_COLOR"] ?? "").isEmpty)
                print((chart.lines(report) + [""] + PlanWords.lines(report)).joined(separator: "\n"))
            }
        }
    }

    private func policy(_ config: StationConfig) -> GenerationPolicy {
        GenerationPolicy(
            bands: config.buffer.bands, targetHours: config.buffer.targetHours, maxHours: config.buffer.maxHours,
            trackSeconds: config.generator.trackSeconds, generators: generators ?? config.generator.count)
    }

    /// - Throws: `PlanError.unmeasured`.
    private func backends(_ config: StationConfig, _ paths: StationPaths) throws(PlanError) -> [BackendPace] {
        if let backendSpeed {
            let fallbacks = fallbackSpeed.enumerated().map { place, speed in
                BackendPace(
                    name: fallbackSpeed.count > 1 ? "fallback \(place + 1)" : "fallback", speed: speed, tracks: 0)
            }
            return [BackendPace(name: "backend", speed: backendSpeed, tracks: 0, batch: batch)] + fallbacks
        }
        let chain = config.generator.backends.enumerated().map { place, name in
            BackendPace(name: name, batch: place == 0 ? batch : 1)
        }
        let known = SpeedFile(directory: paths.stateDirectory).paces(chain).filter { $0.speed != nil }
        if known.isEmpty { throw .unmeasured(chain.map(\.name)) }
        return known
    }
}

enum PlanError: Error, CustomStringConvertible {
    case unmeasured([String])
    case exists(String)

    var description: String {
        switch self {
        case .unmeasured(let names):
            "no track of \(names.joined(separator: ", ")) has been measured here yet: give --backend-speed, or let the"
                + " station make some tracks first"
        case .exists(let file): "\(file) exists and was left as it is; give --force to replace it"
        }
    }
}

extension Array {
    fileprivate func appending(_ more: [Element]) -> [Element] { self + more }
}
