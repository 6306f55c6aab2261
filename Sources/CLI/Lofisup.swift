internal import ArgumentParser
internal import Domain
internal import Platform

/// The command. Exit codes are in `ExitStatus`.
@main
struct Lofisup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lofisup",
        abstract: "An AI radio station that never goes dark: composes Indian lofi and keeps it on the air.",
        version: Version.text,
        subcommands: [
            Run.self, Status.self, Ctl.self, Doctor.self, Generate.self, PlanCommand.self, Bootstrap.self,
            Import.self, BackendCommand.self, CheckConfig.self, Init.self, RenderServerCommand.self,
            WorkerCommand.self,
            ManualCommand.self,
        ])
}

enum Version {
    static let text = "0.1.0"
}
