internal import ArgumentParser
internal import Backends
internal import Config
internal import Domain
internal import Foundation
internal import Glibc
internal import Platform

/// `lofisup backend`: where music comes from.
struct BackendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backend", abstract: "Where music comes from: look, install, check a plug-in.",
        subcommands: [List.self, Describe.self, Check.self, Install.self, Download.self])

    /// `backend list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Every backend there is. Nothing is started.")
        @Flag(help: "As JSON.") var json = false
        @OptionGroup var station: StationOptions

        struct Entry: Encodable {
            var name: String
            /// Its place in [generator] backends, from 1; nil when it is not asked.
            var place: Int?
            var model: String
            var licence: String?
            var nonCommercial: Bool
            /// What it lacks; nil where it could be started.
            var lacks: String?
        }

        func run() throws {
            try reportingErrors {
                let config = try station.load(station.paths())
                let catalogue = try station.catalogue(config)
                let entries = try catalogue.names.map { try entry($0, config, catalogue) }
                if json { return print(try JSONText.of(entries)) }
                var table = TextTable()
                table.add("backend", "asked", "plays", "licence", "")
                for entry in entries {
                    table.add(
                        entry.name, entry.place.map { "\($0)." } ?? "-", entry.model,
                        entry.licence.map { $0 + (entry.nonCommercial ? ", not for channels that earn" : "") } ?? "-",
                        entry.lacks ?? "")
                }
                print(table.lines().joined(separator: "\n"))
            }
        }

        private func entry(_ name: String, _ config: StationConfig, _ catalogue: BackendCatalogue) throws -> Entry {
            let backend = try catalogue.backend(named: name)
            var lacks: String?
            do throws(BackendError) { _ = try (backend as? PluginBackend)?.startCommand() } catch {
                if case .notInstalled(_, let why) = error { lacks = why } else { lacks = "\(error)" }
            }
            let described = backend.describe()
            return Entry(
                name: name, place: config.generator.backends.firstIndex(of: name).map { $0 + 1 },
                model: described.model, licence: described.licence, nonCommercial: described.nonCommercial, lacks: lacks
            )
        }
    }

    /// `backend describe`
    struct Describe: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What a backend says of itself. A plug-in is started for it; nothing is loaded.")
        @Argument var name: String
        @Flag(help: "As JSON.") var json = false
        @OptionGroup var station: StationOptions

        func run() throws {
            try reportingErrors {
                let catalogue = try station.catalogue(try station.load(station.paths()))
                let backend = try catalogue.backend(named: name)
                defer { backend.close() }
                var described =
                    try (backend as? PluginBackend)?.introduce(cancellation: Cancellation())
                    ?? backend.describe()
                described.memoryBytes = nil
                if json { return print(try JSONText.of(described)) }
                print("\(name) plays \(described.model)")
                let terms = described.nonCommercial ? ": a channel that earns money may not use it" : ""
                print("licence: \(described.licence ?? "no conditions")\(terms)")
                print("tracks at once: \(described.batchMax)")
                print("goes on from earlier tracks: \(described.continues ? "yes" : "no")")
                if let factor = described.realTimeFactorExpected {
                    print("speed, by its own guess: \(String(format: "%.1f", factor)) x real time")
                }
            }
        }
    }
}

extension StationOptions {
    func catalogue(_ config: StationConfig) throws(ConfigError) -> BackendCatalogue {
        BackendCatalogue(config: config, paths: try paths(), environment: environment)
    }
}

/// JSON for people and scripts.
enum JSONText {
    static func of(_ value: some Encodable) throws -> String {
        String(decoding: try StationJSON.encode(value, pretty: true), as: UTF8.self)
    }
}
