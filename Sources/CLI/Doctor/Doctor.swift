internal import ArgumentParser
internal import Config
internal import Domain
internal import Foundation
internal import IPC
internal import Platform

/// `lofisup doctor`
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the machine, the installation and the station, and say what is degraded or broken.",
        discussion: """
            Works with and without a running station. It writes up to 16 MB to the state directory for a moment, to \
            measure it.

            Exit status: 0 when nothing is broken; 1 otherwise.
            """)
    @OptionGroup var output: OutputOptions
    @OptionGroup var station: StationOptions

    func run() throws {
        try reportingErrors {
            let patient = Patient(paths: try station.paths(), station: station)
            let diagnosis = Diagnosis(patient.examine())
            try output.print(diagnosis, as: \.text)
            if diagnosis.state == .broken { throw ExitStatus.failed.end }
        }
    }
}

/// The station as `doctor` finds it, running or not.
struct Patient {
    let paths: StationPaths
    let environment: [String: String]
    /// What the file says, or what is wrong with it.
    let configuration: Result<StationConfig, ConfigError>
    let configFile: String
    /// What the running station says of itself, or why it says nothing.
    let status: Result<StationStatus, ControlError>
    let supervisorPID: Int32?

    init(paths: StationPaths, station: StationOptions) {
        self.paths = paths
        environment = station.environment
        configFile = station.config ?? paths.configFile
        do throws(ConfigError) {
            configuration = .success(try station.load(paths))
        } catch { configuration = .failure(error) }
        var pid: Int32?
        do throws(ControlError) {
            status = .success(
                try StationControl(socket: paths.controlSocket).ask { client throws(WireError) in
                    pid = client.supervisorPID
                    return try client.status()
                })
        } catch { status = .failure(error) }
        supervisorPID = pid
    }

    /// The configuration, or the defaults where the file is no good.
    var config: StationConfig { (try? configuration.get()) ?? StationConfig() }

    func examine() -> [Finding] {
        let machine = MachineChecks(supervisorPID: supervisorPID)
        return [machine.kernel(), machine.processes(), machine.pressure(), machine.cgroup(), machine.niceness()]
            + [machine.clock(), machine.memory()]
            + ServiceChecks(patient: self).findings() + FFmpegChecks(patient: self).findings()
            + FileChecks(patient: self).findings() + StationChecks(patient: self).findings()
    }
}
