internal import ArgumentParser
internal import Buffer
internal import Config
internal import Domain
internal import Foundation
internal import Platform

/// Where the station lives, as every command takes it.
struct StationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Keep everything of this station under one directory instead of the system's or the user's own.",
            valueName: "dir"), completion: .directory)
    var root: String?

    @Option(
        help: ArgumentHelp("Read this configuration file.", valueName: "file"), completion: .file(extensions: ["toml"]))
    var config: String?

    /// The environment of the process, read here and nowhere else.
    var environment: [String: String] { ProcessInfo.processInfo.environment }

    func paths() throws(ConfigError) -> StationPaths {
        try StationPaths(
            root: root, workingDirectory: FileManager.default.currentDirectoryPath, environment: environment,
            userID: geteuid())
    }

    /// The configuration: of `--config`, which must exist, or of the usual place, which need not.
    func load(_ paths: StationPaths) throws(ConfigError) -> StationConfig {
        try StationConfig.load(file: config ?? paths.configFile, mustExist: config != nil)
    }

    /// What a worker must be told so that it finds the same station, with the configuration in the file `config`.
    func workerArguments(config: String) -> [String] {
        let here = FileManager.default.currentDirectoryPath
        return (root.map { ["--root", $0.hasPrefix("/") ? $0 : here + "/" + $0] } ?? []) + ["--config", config]
    }
}

extension BufferRules {
    /// The rules that a configuration asks for.
    init(_ config: StationConfig) {
        self.init(
            trackSeconds: Int(config.generator.trackSeconds), promptSeconds: Int(config.generator.promptSeconds),
            promptCount: config.prompts.count, keepConsumed: config.buffer.keepConsumed, health: config.buffer.bands,
            diskReserveBytes: config.buffer.diskReserve.bytes, evergreenBytesMax: config.evergreen.maxSize.bytes,
            evergreenRepeatAfterSeconds: config.evergreen.repeatAfterHours * 3600)
    }
}

/// Runs `body`; what it throws is said on standard error in one piece, and becomes the exit code.
func reportingErrors(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let error as ArgumentParser.ExitCode {
        throw error
    } catch let error as ConfigError {
        complain(error.description)
        throw ExitStatus.configuration.end
    } catch let error as ControlError {
        complain(error.description)
        throw error.status.end
    } catch let error as ImportError {
        complain(error.description)
        throw error.status.end
    } catch {
        complain("\(error)")
        throw ExitStatus.failed.end
    }
}

/// Writes to standard error.
func complain(_ text: String) {
    FileHandle.standardError.write(Data("lofisup: \(text)\n".utf8))
}
