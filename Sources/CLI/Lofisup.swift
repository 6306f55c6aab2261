internal import ArgumentParser
internal import Domain
internal import Platform

/// The command. Exit codes: 0 done, 64 wrong usage, 75 try again, 78 wrong configuration, 1 anything else.
@main
struct Lofisup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lofisup",
        abstract: "An AI radio station that never goes dark: composes Indian lofi and keeps it on the air.",
        version: Version.text,
        subcommands: [
            Run.self, Status.self, Ctl.self, Generate.self, CheckConfig.self, Init.self, WorkerCommand.self,
        ])
}

enum Version {
    static let text = "0.1.0"
}
