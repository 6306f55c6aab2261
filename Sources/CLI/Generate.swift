internal import ArgumentParser
internal import Backends
internal import Config
internal import Domain
internal import Foundation
internal import Glibc
internal import Platform

/// `lofisup generate`: one track now.
struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Compose one track now and write it to a file.")

    @Option(help: "Which of the station's prompts, from 0.") var prompt = 0
    @Option(help: ArgumentHelp("The track's length.", valueName: "seconds")) var seconds = 60.0
    @Option(help: "The same seed gives the same track; random without one.") var seed: UInt64?
    @Option(help: ArgumentHelp("Who composes it: see `lofisup backend list`.", valueName: "name"))
    var backend = "synth"
    @Option(help: "Where it goes: \(OneTrack.extensions.joined(separator: ", ")).") var out: String
    @Flag(help: "Replace a file that is there.") var force = false
    @OptionGroup var station: StationOptions

    func validate() throws {
        guard (1...3600).contains(seconds) else { throw ValidationError("--seconds must be from 1 to 3600") }
    }

    func run() throws {
        try Interruption.watched { cancellation in try reportingErrors { try make(cancellation) } }
    }

    private func make(_ cancellation: Cancellation) throws {
        let config = try station.load(station.paths())
        guard config.prompts.indices.contains(prompt) else {
            throw GenerateError.noSuchPrompt(prompt, names: config.prompts.map(\.name))
        }
        let searchPath = station.environment["PATH"] ?? ""
        let source = try station.catalogue(config).backend(named: backend)
        defer { source.close() }
        let track = OneTrack(
            backend: source, ffmpeg: try FFmpeg(searchPath: searchPath),
            rules: AdmissionRules(config.generator))
        let request = TrackRequest(
            prompt: config.prompts[prompt], number: 1, positionInPrompt: 0, seconds: seconds,
            seed: seed ?? UInt64.random(in: 1...UInt64.max))
        let bar = ProgressBar()
        let made = try track.make(
            request, file: out, overwrite: force,
            temporaryDirectory: station.environment["TMPDIR"] ?? "/tmp", cancellation: cancellation
        ) { done, phase in bar.show(done, phase.rawValue) }
        bar.finish()
        let took = String(format: "%.1f", made.provenance.renderSeconds)
        let loudness = made.provenance.loudnessLufs.map { String(format: ", %.1f LUFS", $0) } ?? ""
        print("\(made.file): \(made.title), seed \(request.seed), composed in \(took) s\(loudness)")
    }
}

enum GenerateError: Error, CustomStringConvertible {
    case noSuchPrompt(Int, names: [String])

    var description: String {
        switch self {
        case .noSuchPrompt(let index, let names):
            let known = names.enumerated().map { "\($0) \($1)" }.joined(separator: ", ")
            return "--prompt \(index): there is no such prompt; there are \(known)"
        }
    }
}

/// A line on the terminal that fills up; nothing where standard error is not a terminal.
final class ProgressBar: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let shown = Monitor("")
    private static let width = 30

    func show(_ done: Double, _ phase: String) {
        guard isTerminal else { return }
        let full = Int(done * Double(Self.width))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: Self.width - full)
        let line = "\r\(bar) \(Int(done * 100)) % \(phase)        "
        shown.withLock { before in
            guard before != line else { return }
            before = line
            FileHandle.standardError.write(Data(line.utf8))
        }
    }

    func finish() {
        if isTerminal { FileHandle.standardError.write(Data("\n".utf8)) }
    }
}
