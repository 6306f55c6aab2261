internal import ArgumentParser
internal import Domain
internal import Foundation
internal import IPC

/// `lofisup ctl`: looks at a running station and changes it, over its socket.
struct Ctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at the running station, or change it.",
        discussion: """
            Looking needs the station's group, changing its owner or root. What changes something waits for the outcome \
            (--no-wait: returns at once).

            \(ExitStatus.manual)
            """,
        subcommands: [
            Status.self, Top.self, Why.self, Logs.self, Events.self, Plan.self, Start.self, Stop.self, Restart.self,
            Pause.self, Resume.self, Scale.self, Reload.self, Shutdown.self,
        ])
}

/// `lofisup status` and `lofisup ctl status`.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say how the station is.")
    @OptionGroup var output: OutputOptions
    @OptionGroup var station: StationOptions

    func run() throws {
        try reportingErrors {
            let status = try StationControl(station).ask { client throws(WireError) in try client.status() }
            try output.print(status, as: StatusText.text)
        }
    }
}

extension Ctl {
    struct Plan: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what `reload` would change, and change nothing.",
            discussion:
                "(How long the buffer lasts says `lofisup plan`.) Exit status: 0 also when nothing would change; 78 when the file has mistakes."
        )
        @OptionGroup var output: OutputOptions
        @OptionGroup var station: StationOptions

        func run() throws {
            try reportingErrors {
                let plan = try StationControl(station).ask { client throws(WireError) in try client.plan() }
                if output.json || plan.problem == nil { try output.print(plan, as: PlanText.text) }
                if let problem = plan.problem {
                    if !output.json { complain("nothing would be changed, the file has mistakes:\n\(problem)") }
                    throw ExitStatus.configuration.end
                }
            }
        }
    }

    struct Why: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say how a worker's lives have ended, and what it waits for.")
        @OptionGroup var worker: WorkerArgument
        @Option(name: .shortAndLong, help: ArgumentHelp("Of the log before each end: 0 to 200.", valueName: "n"))
        var lines = 20
        @OptionGroup var output: OutputOptions
        @OptionGroup var station: StationOptions

        func validate() throws {
            guard (0...200).contains(lines) else { throw ValidationError("--lines must be from 0 to 200") }
        }

        func run() throws {
            try reportingErrors {
                let name = worker.name
                let history = try StationControl(station).ask { client throws(WireError) in try client.why(name) }
                try output.print(history) { WhyText.text($0, lines: lines) }
            }
        }
    }
}
