internal import ArgumentParser
internal import Backends
internal import Buffer
internal import Config
internal import Foundation
internal import Generator
internal import Platform

/// `lofisup bootstrap`: the first hours of a station, made wherever it is quick.
struct Bootstrap: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill a portable buffer on this machine, for `lofisup import` on the station's.",
        discussion: """
            Composes with the configuration's prompts and backends, in the order in which the station would play them. \
            Killed at any moment, or stopped with Ctrl-C, the same command goes on where it was. The directory can be \
            copied, mounted or fetched with `lofisup import HOST:DIR`, also while it is being filled.

            Exit status: 0 all is there; 1 no backend composes, or the directory is another's; 74 no room; 75 stopped \
            before the end; 78 the configuration is wrong.
            """)

    @Option(help: ArgumentHelp("Music to make.", valueName: "h")) var hours = 24.0
    @Option(help: ArgumentHelp("Where it goes; made if need be.", valueName: "dir"), completion: .directory)
    var out: String
    @Option(
        help: ArgumentHelp("A backend instead of the configuration's; may be given several times.", valueName: "name"))
    var backend: [String] = []
    @Option(help: "The same seed gives the same tracks; drawn and kept in the directory without one.")
    var seed: UInt64?
    @OptionGroup var station: StationOptions

    func validate() throws {
        guard (0.001...1000).contains(hours) else { throw ValidationError("--hours must be from 0.001 to 1000") }
    }

    func run() throws {
        try Interruption.watched { cancellation in try reportingErrors { try fill(cancellation) } }
    }

    private func fill(_ cancellation: Cancellation) throws {
        let paths = try station.paths()
        var config = try station.load(paths)
        if !backend.isEmpty { config.generator.backends = backend }
        var rules = BufferRules(config)
        rules.evergreenBytesMax = 0
        let directory = try PortableDirectory(
            path: out, settings: PortableSettings(config), rules: rules,
            newID: String(UInt64.random(in: 1 << 60...UInt64.max), radix: 16))
        let wanted = max(1, Int((hours * 3600 / config.generator.trackSeconds).rounded(.up)))
        let line = ProgressLine(trackSeconds: config.generator.trackSeconds)
        do {
            try PortableFill(
                config: config, paths: paths, environment: station.environment, directory: directory, path: out,
                seed: seed
            ).run(
                wanted: wanted, cancellation: cancellation, show: line.show,
                complain: { line.interrupt(with: $0) })
        } catch BackendError.cancelled {
            line.finish()
            complain(
                "stopped with \(directory.trackCount) of \(wanted) tracks; the same command goes on from there")
            throw ExitStatus.tryAgain.end
        } catch let error as BufferError {
            line.finish()
            complain("\(error)")
            throw error.isAboutRoom ? ExitStatus.diskFull.end : ExitStatus.failed.end
        }
        line.finish()
        print("\(out): \(directory.trackCount) tracks, \(line.hours(directory.trackCount)); take them in with:")
        print("lofisup import \(out)    or, on another machine: lofisup import HOST:\(line.absolute(out))")
    }
}

extension BufferError {
    fileprivate var isAboutRoom: Bool {
        switch self {
        case .waitingForDiskSpace, .diskFull: true
        default: false
        }
    }
}

/// How far a bootstrap is: a bar on a terminal, a line a minute elsewhere.
private final class ProgressLine: Sendable {
    private let trackSeconds: Double
    private let bar = ProgressBar()
    private let saidAt = Monitor(-Double.infinity)
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let clock = SystemClock()
    private static let seconds = 60.0

    init(trackSeconds: Double) { self.trackSeconds = trackSeconds }

    func show(_ progress: PortableFill.Progress) {
        let left = progress.secondsLeft.map { ", \(Spelling.clock($0)) left" } ?? ""
        let words = "\(progress.tracks) of \(progress.wanted) tracks\(left)"
        if isTerminal {
            return bar.show(
                Double(progress.tracks) / Double(max(1, progress.wanted)),
                "\(words); \(Spelling.cut(progress.activity, to: 40))")
        }
        let now = clock.monotonicSeconds
        let isDue = saidAt.withLock { before in
            guard now - before >= Self.seconds else { return false }
            before = now
            return true
        }
        if isDue { complain("\(words); \(progress.activity)") }
    }

    /// Says something beside the progress.
    func interrupt(with words: String) {
        if isTerminal { bar.finish() }
        complain(words)
    }

    func finish() { bar.finish() }

    func hours(_ tracks: Int) -> String { String(format: "%.2f h", Double(tracks) * trackSeconds / 3600) }

    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}
