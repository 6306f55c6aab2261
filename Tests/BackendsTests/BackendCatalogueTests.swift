import Config
import FoundationEssentials
import Platform
import TestSupport
import Testing

@testable import Backends

struct BackendCatalogueTests {
    /// Files of a plug-in that do nothing.
    private func withCatalogue(
        _ settings: String = "", environment: [String: String] = [:],
        _ body: (BackendCatalogue, String) throws -> Void
    ) throws {
        try withTemporaryDirectory { root in
            for name in ["/plugins", "/plugins/audiocraft"] { try Files.makeDirectory(root + name) }
            let config = try StationConfig.parse(settings, fileName: "lofisup.toml")
            let own = ["LOFISUP_PLUGINS": root + "/plugins", "HOME": root, "NOTIFY_SOCKET": "/run/notify"]
            try body(
                BackendCatalogue(
                    config: config, paths: try StationPaths(root: root), environment: own.merging(environment) { $1 }),
                root)
        }
    }

    private func command(_ catalogue: BackendCatalogue, _ name: String) throws -> PluginCommand {
        try #require(try catalogue.backend(named: name) as? PluginBackend).startCommand()
    }

    @Test func `every name of the configuration is a backend, and no other`() throws {
        let own = "[[backends]]\nname = 'chimes'\ncommand = ['/opt/chimes', '--bells', '5']\n"
        try withCatalogue(own) { catalogue, _ in
            for name in catalogue.names { #expect(try catalogue.backend(named: name).name == name) }
            let chimes = try command(catalogue, "chimes")
            #expect(chimes.path == "/opt/chimes" && chimes.arguments == ["--bells", "5"])
            // The station's own line to systemd is none of a plug-in's business.
            #expect(chimes.environment["NOTIFY_SOCKET"] == nil && chimes.environment["HOME"] != nil)
            let error = backendError { try catalogue.backend(named: "bells") }
            #expect(error?.description.hasPrefix("there is no backend named 'bells'; known: synth, ") == true)
        }
    }

    @Test func `without its environment AudioCraft is a sentence with the command to run`() throws {
        try withCatalogue { catalogue, _ in
            let error = backendError { try command(catalogue, "audiocraft-small") }
            #expect(error?.description.contains("audiocraft-small: AudioCraft is not installed: run") == true)
            #expect(error?.description.contains("`lofisup backend install audiocraft`") == true)
            let backend = try catalogue.backend(named: "audiocraft-small")
            #expect(backendError { try backend.prepare(cancellation: Cancellation()) } == error)
            let described = backend.describe()
            #expect(described.licence == "CC-BY-NC-4.0" && described.nonCommercial)
        }
        try withCatalogue("[audiocraft]\npython = '/nowhere/python'\n") { catalogue, _ in
            let error = backendError { try command(catalogue, "audiocraft-medium") }
            #expect(error?.description.contains("[audiocraft] python: there is no program /nowhere/python") == true)
        }
        try withCatalogue(environment: ["LOFISUP_PLUGINS": "/nowhere"]) { catalogue, _ in
            let error = backendError { try command(catalogue, "audiocraft-small") }
            #expect(error?.description.contains("LOFISUP_PLUGINS") == true)
        }
    }

    @Test func `AudioCraft's plug-in is told the model, the precision and the device`() throws {
        let settings = """
            [audiocraft]
            python = "/bin/sh"
            precision = "fp32"
            device = "cpu"
            [[backends]]
            name = "stereo"
            model = "facebook/musicgen-stereo-small"
            """
        try withCatalogue(settings) { catalogue, root in
            let stereo = try command(catalogue, "stereo")
            #expect(stereo.path == "/bin/sh" && stereo.environment["PYTHONPATH"] == root + "/plugins/audiocraft")
            #expect(
                stereo.arguments == [
                    "-m", "lofisup_musicgen", "--model", "facebook/musicgen-stereo-small", "--device", "cpu",
                    "--weights", "fp32", "--kv", "f32",
                ])
            #expect(try command(catalogue, "audiocraft-medium").arguments.contains("facebook/musicgen-medium"))
            // Weights: the user's own cache where there is one, else the station's.
            #expect(stereo.environment["HF_HOME"] == root + "/cache/huggingface")
            try FileManager.default.createDirectory(
                atPath: root + "/.cache/huggingface", withIntermediateDirectories: true)
            #expect(try command(catalogue, "stereo").environment["HF_HOME"] == nil)
        }
    }
}
