internal import ArgumentParser
internal import Backends
internal import Config
internal import Domain
internal import Foundation
internal import Glibc
internal import Platform

extension BackendCommand {
    /// What can be installed.
    enum Installable: String, ExpressibleByArgument, CaseIterable {
        case audiocraft
    }

    /// `backend install`
    struct Install: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the Python environment that a model needs, from PyPI with pinned versions.")

        @Argument(help: "audiocraft") var what: Installable
        @Option(help: ArgumentHelp("Make it with this Python.", valueName: "path")) var python: String?
        @Option(help: ArgumentHelp("Fetch the weights of this model, too: small, medium, ...", valueName: "model"))
        var weights: String?
        @OptionGroup var station: StationOptions

        func run() throws {
            try reportingErrors {
                let paths = try station.paths()
                try paths.prepare()
                let audioCraft = try station.catalogue(try station.load(paths)).audioCraft
                print(BackendCommand.terms)
                try Errand.perform(try audioCraft.install(python: python))
                if let weights { try Errand.perform(try audioCraft.download(model: weights)) }
            }
        }
    }

    /// `backend download`
    struct Download: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch a model's weights into the local cache; nothing is ever fetched otherwise.")

        @Argument(help: "small, medium, facebook/musicgen-stereo-small, or the name of a backend.") var model: String
        @OptionGroup var station: StationOptions

        func run() throws {
            try reportingErrors {
                let config = try station.load(station.paths())
                let named = config.backends.first { $0.name == model }?.model ?? model
                print(BackendCommand.terms)
                try Errand.perform(try station.catalogue(config).audioCraft.download(model: named))
            }
        }
    }

    static let terms = """
        MusicGen's weights are CC-BY-NC 4.0 (Meta): a channel that earns money may not use them. AudioCraft's code is MIT.
        With [station] monetised = true the station refuses them.
        """
}

/// Another program in our place, on our terminal.
enum Errand {
    /// Runs it to its end.
    /// - Throws: the exit status it ended with, when that is not 0.
    static func perform(_ command: PluginCommand) throws {
        // What we have said comes first, also into a pipe.
        fflush(nil)
        let child = try ChildProcess(
            path: command.path, arguments: command.arguments, environment: command.environment,
            descriptors: [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO], diesWithThread: true)
        while true {
            guard let exit = child.wait(timeoutSeconds: 3600) else { continue }
            switch exit {
            case .code(0): return
            case .code(let code): throw ArgumentParser.ExitCode(code)
            case .signal, .unknown: throw ErrandError.ended(command.path, exit)
            }
        }
    }
}

enum ErrandError: Error, CustomStringConvertible {
    case ended(String, ProcessExit)

    var description: String {
        switch self {
        case .ended(let program, let exit): "\(program) ended with \(exit)"
        }
    }
}
