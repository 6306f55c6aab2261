internal import Backends
public import Buffer
public import Config
internal import Domain
internal import Foundation
public import IPC
internal import Platform

/// The feeder: takes tracks in order, joins them, and hands the encoder every frame of the timeline once.
public final class FeederRole: Sendable {
    private struct Work {
        var progress = 0
        var activity = "waiting for the encoder"
    }

    private let config: StationConfig
    private let paths: StationPaths
    private let link: WorkerLink
    private let environment: [String: String]
    private let clock: any StationClock = SystemClock()
    private let work = Monitor(Work())
    private let line = Monitor<EncoderLine?>(nil)

    public init(config: StationConfig, paths: StationPaths, link: WorkerLink, environment: [String: String]) {
        self.config = config
        self.paths = paths
        self.link = link
        self.environment = environment
    }

    /// Feeds until the link says stop.
    /// - Throws: what makes a start impossible, above all a second feeder on the same station.
    public func serve(rules: BufferRules) throws {
        // Whoever holds the Buffer's lock for longer is stuck; waiting for it must not use up the cushion.
        var rules = rules
        rules.lockWaitSeconds = 2
        let buffer = try BufferDirectory(root: paths.bufferDirectory, rules: rules, clock: clock)
        Self.say(buffer.openingReport)
        let cancellation = Cancellation()
        let fallback = try FallbackComposer(
            directory: paths.stateDirectory + "/fallback", rules: AdmissionRules(config.generator),
            searchPath: environment["PATH"] ?? "", cancellation: cancellation
        ) { [self] in note("composing in real time") }
        link.ready()
        NamedThread.start("report") { [self] in
            while !link.stop.wait(seconds: 1) { report(buffer) }
            // A send may wait for room in the cushion, and a composition takes seconds; the stop does not wait.
            cancellation.cancel()
            line.read { $0 }?.close()
        }
        while !link.stop.isGiven {
            do {
                let connection = try EncoderLine(path: paths.feedSocket)
                line.withLock { $0 = connection }
                if link.stop.isGiven { break }
                let programme = Programme(buffer: buffer, config: config, fallback: fallback)
                try Playout(
                    line: connection, programme: programme, buffer: buffer, config: config, stop: link.stop,
                    clock: clock
                ) { [self] activity in note(activity) }.run()
            } catch {
                let refusal = line.read { $0?.refusal }
                if !link.stop.isGiven { waitForEncoder(refusal ?? "\(error)") }
            }
            // Its listening thread holds on until the socket is shut.
            line.withLock {
                $0?.close()
                $0 = nil
            }
        }
    }

    /// Says what was wrong on the Buffer: in one line, and each file that was set aside by its name.
    static func say(_ report: ReconcileReport) {
        guard let words = report.words else { return }
        Log.warning("buffer: \(words)")
        let aside = report.repairs.dropFirst().filter { repair in
            switch repair {
            case .refused, .rebuilt: true
            default: false
            }
        }
        for repair in aside.prefix(linesMax) { Log.warning("buffer: \(repair)") }
        if aside.count > linesMax { Log.warning("buffer: and \(aside.count - linesMax) more were set aside") }
    }

    private static let linesMax = 10

    private func waitForEncoder(_ reason: String) {
        note("waiting for the encoder: \(reason)")
        link.stop.wait(seconds: 0.2)
    }

    private func note(_ activity: String) {
        work.withLock { work in
            work.progress += 1
            work.activity = activity
        }
    }

    private func report(_ buffer: BufferDirectory) {
        let (progress, activity) = work.read { ($0.progress, $0.activity) }
        var report = WorkerReport(progress: progress, activity: activity)
        report.buffer = try? buffer.summary()
        report.buffer?.targetHours = config.buffer.targetHours
        // Two are on their way to the encoder already; what a person wants to know is what comes after.
        report.upNext = (try? buffer.ready(limit: 8))?.map(\.upcoming)
        link.report(report)
    }
}
