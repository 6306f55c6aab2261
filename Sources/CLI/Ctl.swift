internal import ArgumentParser
internal import Config
internal import Domain
internal import Foundation
internal import Glibc
internal import IPC
internal import Platform

/// `lofisup ctl`: looks at a running station and changes it, over its socket.
struct Ctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at the running station, or change it.",
        subcommands: [Status.self, Restart.self, Shutdown.self])

    struct Restart: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Restart one worker; nothing of it is heard.")
        @Argument(help: "encoder, feeder, dashboard, generator, generator/2, ...") var worker: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var station: StationOptions

        func run() throws {
            try reportingErrors {
                guard let name = WorkerName(worker) else { throw ControlError.noSuchWorker(worker) }
                let result = try connect(station).restart(name)
                try output.print(result) { $0.outcome }
            }
        }
    }

    struct Shutdown: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take the station down.")
        @OptionGroup var station: StationOptions

        func run() throws {
            try reportingErrors { try connect(station).shutdown() }
        }
    }
}

/// `lofisup status` and `lofisup ctl status`.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say how the station is.")
    @OptionGroup var output: OutputOptions
    @OptionGroup var station: StationOptions

    func run() throws {
        try reportingErrors {
            try output.print(connect(station).status(), as: StatusText.text)
        }
    }
}

/// How a command prints its answer.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON.") var json = false

    func print<Value: Encodable>(_ value: Value, as text: (Value) -> String) throws {
        Swift.print(json ? String(decoding: try StationJSON.encode(value, pretty: true), as: UTF8.self) : text(value))
    }
}

enum ControlError: Error, CustomStringConvertible {
    case notRunning(socket: String)
    case forbidden(socket: String)
    case noSuchWorker(String)

    var description: String {
        switch self {
        case .notRunning(let socket):
            "no station answers on \(socket); start one with `lofisup run`, or name its place with --root"
        case .forbidden(let socket): "\(socket) may be used by its owner and group alone; try as that user"
        case .noSuchWorker(let name):
            "there is no worker named \(name); there are encoder, feeder, dashboard, generator, generator/2, ..."
        }
    }
}

private func connect(_ station: StationOptions) throws -> ControlClient {
    let socket = try station.paths().controlSocket
    do {
        return try ControlClient(path: socket)
    } catch {
        switch error.code {
        case ENOENT, ECONNREFUSED: throw ControlError.notRunning(socket: socket)
        case EACCES, EPERM: throw ControlError.forbidden(socket: socket)
        default: throw error
        }
    }
}
