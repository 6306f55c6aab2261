internal import ArgumentParser
internal import Config
internal import Foundation
internal import Platform

/// `lofisup check-config`
struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Read the configuration and say everything that is wrong with it.")
    @OptionGroup var station: StationOptions

    func run() throws {
        try reportingErrors {
            let paths = try station.paths()
            let file = station.config ?? paths.configFile
            let config = try station.load(paths)
            for destination in config.destinations where destination.enabled {
                _ = try destination.key(environment: station.environment)
            }
            for renderer in config.renderers { _ = try renderer.token(environment: station.environment) }
            let exists = FileManager.default.fileExists(atPath: file)
            print(exists ? "\(file) is good" : "\(file) does not exist: every key has its default")
        }
    }
}

/// `lofisup init`
struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a commented configuration that is also the manual.")
    @Flag(help: "Replace a configuration that is there.") var force = false
    @OptionGroup var station: StationOptions

    func run() throws {
        try reportingErrors {
            let paths = try station.paths()
            let file = station.config ?? paths.configFile
            guard force || !FileManager.default.fileExists(atPath: file) else { throw InitError.exists(file) }
            try paths.prepare(includingConfiguration: true)
            try AtomicFile.write(Data(SampleConfig.text().utf8), to: file)
            print("wrote \(file); every key in it is optional")
        }
    }
}

enum InitError: Error, CustomStringConvertible {
    case exists(String)

    var description: String {
        switch self {
        case .exists(let file): "\(file) exists and was left as it is; give --force to replace it"
        }
    }
}
