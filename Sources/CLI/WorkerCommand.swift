internal import ArgumentParser
internal import Buffer
internal import Config
internal import Dashboard
internal import Domain
internal import Encoder
internal import Feeder
internal import Generator
internal import Glibc
internal import IPC
internal import Platform

/// `lofisup worker NAME`: what the supervisor starts. Of no use by hand.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

    @Argument var name: String
    @OptionGroup var station: StationOptions

    func run() throws {
        guard let name = WorkerName(name), fcntl(WorkerLink.descriptorNumber, F_GETFD) >= 0 else {
            complain("workers are started by `lofisup run`")
            throw ArgumentParser.ExitCode(Domain.ExitCode.usage.rawValue)
        }
        Orphans.ignoreBrokenPipes()
        keepLogFromBlocking()
        do {
            let paths = try station.paths()
            let config = try station.load(paths)
            let link = try WorkerLink(
                descriptor: FileDescriptor(owning: WorkerLink.descriptorNumber), version: Version.text,
                graceSeconds: config.supervisor.stopSecondsMax + 1)
            link.start()
            try serve(name.role, config: config, paths: paths, link: link)
        } catch let error as ConfigError {
            Log.error("\(error)")
            throw ArgumentParser.ExitCode(Domain.ExitCode.configuration.rawValue)
        } catch {
            Log.error("\(error)")
            throw ArgumentParser.ExitCode(WorkerEnding.code(for: error))
        }
    }

    /// The log is a pipe that nobody reads while the supervisor is started again. It is asked for room before every
    /// line, but two threads may find the same room.
    private func keepLogFromBlocking() {
        var facts = stat()
        guard fstat(STDERR_FILENO, &facts) == 0, facts.st_mode & S_IFMT == S_IFIFO else { return }
        _ = fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK)
    }

    private func serve(_ role: WorkerRole, config: StationConfig, paths: StationPaths, link: WorkerLink) throws {
        let environment = station.environment
        switch role {
        case .generator:
            try GeneratorRole(config: config, paths: paths, link: link, environment: environment)
                .serve(rules: BufferRules(config))
        case .feeder:
            try FeederRole(config: config, paths: paths, link: link, environment: environment)
                .serve(rules: BufferRules(config))
        case .encoder: try EncoderRole(config: config, paths: paths, link: link, environment: environment).serve()
        case .dashboard: try DashboardRole(config: config, paths: paths, link: link).serve()
        }
    }
}
