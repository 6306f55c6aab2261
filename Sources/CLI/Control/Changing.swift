public import ArgumentParser
public import Domain
internal import Foundation
internal import IPC

/// What the commands for one worker have in common.
struct WorkerOptions: ParsableArguments {
    @OptionGroup var worker: WorkerArgument
    @Option(
        name: .customLong("if-generation"),
        help: ArgumentHelp(
            "Only if the worker is in this life, as `status` and `top` show it: makes it safe to repeat.",
            valueName: "n"))
    var ifGeneration: Int?
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var station: StationOptions

    func order(_ method: IPC.Method) throws {
        try reportingErrors {
            try Order(station, waiting, output).give(
                method, WorkerOrder(worker: worker.name.description, ifGeneration: ifGeneration))
        }
    }
}

extension Ctl {
    struct Start: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a worker that is stopped, held or quarantined; its budget of restarts begins anew.")
        @OptionGroup var options: WorkerOptions
        func run() throws { try options.order(.start) }
    }

    struct Stop: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a worker; it stays down until it is started.",
            discussion:
                "Without the encoder the station is off the air; without the feeder it soon plays its own quiet pad.")
        @OptionGroup var options: WorkerOptions
        func run() throws { try options.order(.stop) }
    }

    struct Restart: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Restart a worker; of all but the encoder nothing is heard.")
        @OptionGroup var options: WorkerOptions
        func run() throws { try options.order(.restart) }
    }

    struct Pause: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a worker stand still without ending it, to have the machine for something else.")
        @OptionGroup var options: WorkerOptions
        func run() throws { try options.order(.pause) }
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a paused worker go on.")
        @OptionGroup var options: WorkerOptions
        func run() throws { try options.order(.resume) }
    }

    struct Scale: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have so many generators from now on.",
            discussion: "The newest are drained first. When the machine cannot bear as many, it says why.")
        @Argument(help: "generator", completion: .list([WorkerRole.generator.rawValue])) var role: WorkerRole
        @Argument(help: "How many: 0 to 10.") var count: Int
        @OptionGroup var waiting: WaitOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var station: StationOptions

        func validate() throws {
            guard role == .generator else {
                throw ValidationError("there is one \(role.rawValue); only the generators can be scaled")
            }
            guard (0...10).contains(count) else { throw ValidationError("the number must be from 0 to 10") }
        }

        func run() throws {
            try reportingErrors {
                try Order(station, waiting, output).give(.scale, ScaleOrder(role: role.rawValue, count: count))
            }
        }
    }

    struct Reload: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the configuration again and go by it, unheard.",
            discussion: "`lofisup ctl plan` says beforehand what it would do. A file with mistakes changes nothing.")
        @OptionGroup var waiting: WaitOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var station: StationOptions

        func run() throws {
            try reportingErrors { try Order(station, waiting, output).give(.reload, [String: String]()) }
        }
    }

    struct Shutdown: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take the station down.",
            discussion: "Under systemd `systemctl stop lofisup` does the same and keeps it down.")
        @OptionGroup var waiting: WaitOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var station: StationOptions

        func run() throws {
            try reportingErrors {
                let order = try Order(station, waiting, output)
                let client = try order.control.connect()
                defer { client.close() }
                var status: OperationStatus
                do throws(WireError) { status = try client.shutdown() } catch { throw ControlError(error) }
                // Nobody is left to say that it is done: the line ends.
                if waiting.wait, status.state == .running, client.waitClosed(timeoutSeconds: waiting.timeout) {
                    status.state = .done
                    status.outcome = "the station is down"
                }
                try order.tell(status, waited: waiting.wait)
            }
        }
    }
}

extension WorkerRole: ExpressibleByArgument {}
