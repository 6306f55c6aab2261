internal import ArgumentParser
internal import Domain
internal import Foundation
internal import IPC
internal import Platform

/// How a command prints its answer.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON.") var json = false

    func print<Value: Encodable>(_ value: Value, as text: (Value) -> String) throws {
        Swift.print(json ? String(decoding: try StationJSON.encode(value, pretty: true), as: UTF8.self) : text(value))
    }
}

/// Which worker is meant.
struct WorkerArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("encoder, feeder, dashboard, generator, generator/2, ...", valueName: "worker"),
        completion: .list(WorkerArgument.known), transform: WorkerArgument.parse)
    var name: WorkerName

    /// What a shell completes: the roles, and as many generators as the configuration can ask for.
    static let known =
        WorkerRole.allCases.map(\.rawValue) + (2...10).map { WorkerName(.generator, index: $0).description }

    static func parse(_ text: String) throws -> WorkerName {
        guard let name = WorkerName(text) else {
            throw ValidationError(
                "there is no worker named \(text); there are encoder, feeder, dashboard, generator, generator/2, ...")
        }
        return name
    }
}

/// How long a change is waited for.
struct WaitOptions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Wait for the outcome, or return at once.") var wait = true
    @Option(help: ArgumentHelp("The longest such wait; then it goes on by itself.", valueName: "seconds"))
    var timeout = 60.0

    func validate() throws {
        guard (0...86_400).contains(timeout) else { throw ValidationError("--timeout must be from 0 to 86400") }
    }
}

/// What every changing command does: gives the order, waits, tells the outcome, ends with its exit status.
struct Order {
    let control: StationControl
    let waiting: WaitOptions
    let output: OutputOptions
    var clock: any StationClock = SystemClock()

    init(_ station: StationOptions, _ waiting: WaitOptions, _ output: OutputOptions) throws {
        control = try StationControl(station)
        self.waiting = waiting
        self.output = output
    }

    /// - Throws: `ExitStatus` of everything but a change that is done, or was not to be waited for.
    func give(_ method: IPC.Method, _ parameters: some Encodable) throws {
        let given: OperationStatus = try control.ask { client throws(WireError) in
            try client.ask(method, parameters)
        }
        guard waiting.wait else { return try tell(given, waited: false) }
        try tell(control.outcome(of: given, timeoutSeconds: waiting.timeout, clock: clock), waited: true)
    }

    func tell(_ status: OperationStatus, waited: Bool) throws {
        if output.json { try output.print(status) { _ in "" } }
        switch status.state {
        case .done:
            if !output.json { print(status.outcome) }
        case .running:
            let place = "operation \(status.operation), see `lofisup ctl events`"
            guard waited else {
                if !output.json { print("\(status.outcome); \(place)") }
                return
            }
            let seconds = String(format: "%g", waiting.timeout)
            complain("not finished after \(seconds) s, it goes on: \(status.outcome); \(place)")
            throw ExitStatus.tryAgain.end
        case .failed:
            complain(status.outcome)
            throw ExitStatus.failed.end
        }
    }
}
