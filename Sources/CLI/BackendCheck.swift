internal import ArgumentParser
internal import Backends
internal import Config
internal import Domain
internal import Foundation
internal import Glibc
internal import Platform

extension BackendCommand {
    /// `backend check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Does a program keep to the plug-in protocol? A line for each thing that is asked of it.",
            discussion: """
                Give the program and its arguments, or the name of a configured backend. Options of this command come \
                before them. Exit 0 when all is kept, 1 when something is broken.
                """)

        @Flag(help: "As JSON.") var json = false
        @Flag(help: "Show what the program itself writes.") var verbose = false
        @Option(help: ArgumentHelp("Length of the tracks it is asked for.", valueName: "seconds")) var seconds = 5.0
        @OptionGroup var station: StationOptions
        @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.") var command: [String] = []

        func validate() throws {
            guard (1...600).contains(seconds) else { throw ValidationError("--seconds must be from 1 to 600") }
        }

        func run() throws {
            try Interruption.watched { cancellation in
                try reportingErrors { if try !isKept(cancellation) { throw ExitStatus.failed.end } }
            }
        }

        private func isKept(_ cancellation: Cancellation) throws -> Bool {
            let config = try station.load(station.paths())
            let isVerbose = verbose
            let check = PluginCheck(
                command: try plugin(config), ffmpeg: try FFmpeg(searchPath: station.environment["PATH"] ?? ""),
                prompt: config.prompts[0], seconds: seconds,
                say: { if isVerbose { complain($0) } })
            let directory = FileManager.default.temporaryDirectory.path + "/lofisup-" + UUID().uuidString
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            var findings: [PluginCheck.Finding] = []
            let isKept = try check.run(in: directory, cancellation: cancellation) { finding in
                findings.append(finding)
                if !json { show(finding) }
            }
            print(json ? try JSONText.of(findings) : "\n" + Self.sum(findings))
            return isKept
        }

        private func show(_ finding: PluginCheck.Finding) {
            let mark =
                switch finding.verdict {
                case .kept: "ok      "
                case .broken: "BROKEN  "
                case .skipped: "-       "
                }
            print("\(mark)\(finding.requirement)\n        \(finding.seen)")
            if let advice = finding.advice { print("        what to do: \(advice)") }
        }

        private static func sum(_ findings: [PluginCheck.Finding]) -> String {
            let broken = findings.count { $0.verdict == .broken }
            let kept = findings.count { $0.verdict == .kept }
            return broken == 0
                ? "It keeps to the protocol: \(kept) of \(kept) things that apply."
                : "\(broken) of \(kept + broken) things are broken; plugins/README.md says how they should be."
        }

        /// A program by its path or from PATH; or else a backend of the configuration.
        private func plugin(_ config: StationConfig) throws -> PluginCommand {
            guard let first = command.first else { throw ValidationError("give the program to check") }
            if command.count == 1, config.knownBackends.contains(first) {
                guard let backend = try station.catalogue(config).backend(named: first) as? PluginBackend else {
                    throw CheckError.noPlugin(first)
                }
                return try backend.startCommand()
            }
            let here = FileManager.default.currentDirectoryPath
            let path =
                first.contains("/")
                ? (first.hasPrefix("/") ? first : "\(here)/\(first)")
                : try Tool(first, searchPath: station.environment["PATH"] ?? "").path
            return PluginCommand(
                path: path, arguments: Array(command.dropFirst()),
                environment: PluginCommand.cleared(station.environment))
        }
    }
}

enum CheckError: Error, CustomStringConvertible {
    case noPlugin(String)

    var description: String {
        switch self {
        case .noPlugin(let name): "\(name) is part of lofisup itself, and no plug-in"
        }
    }
}
