import Testing

@testable import Config

struct SampleConfigTests {
    /// The sample with every setting that is commented out set, as an operator does it.
    private let lifted = SampleConfig.text().split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.hasPrefix("#") && line.count > 1 && !line.hasPrefix("# ") ? line.dropFirst() : line
    }.joined(separator: "\n")

    @Test func `the sample as it is gives the defaults`() throws {
        #expect(try StationConfig.parse(SampleConfig.text(), fileName: "sample") == StationConfig())
    }

    @Test func `the sample with every comment lifted gives the defaults`() throws {
        #expect(try StationConfig.parse(lifted, fileName: "sample") == StationConfig())
        // Lifting must have done something for this to mean anything.
        #expect(lifted.contains("\ntrack_seconds = 60\n"))
        #expect(lifted.contains("\n[[prompts]]\nname = \"Monsoon raga\"\n"))
    }

    @Test func `every key without a default of none is lifted`() throws {
        let lines = TOMLKeyLines(lifted)
        let absent = StationConfig.keys.flatMap(\.paths).filter { lines[$0] == nil && !$0.contains("prompts.") }
        let none = ["name", "url", "key_file", "key_credential", "enabled"].map { "destinations." + $0 }
        let backend = ["backends", "backends.name", "backends.command", "backends.model", "audiocraft.python"]
        let renderer = ["name", "url", "token_file", "token_credential", "certificate_file", "insecure"]
            .map { "renderers." + $0 }
        let server = ["token_file", "token_credential", "directory"].map { "render_server." + $0 }
        #expect(
            Set(absent)
                == Set(
                    ["generator.seed", "encoder.animation", "destinations", "renderers"] + none + backend + renderer
                        + server))
    }

    @Test func `every known key occurs in the sample with what it may hold`() {
        let sample = SampleConfig.text()
        for path in StationConfig.keys.flatMap(\.paths) {
            let leaf = path.split(separator: ".").last ?? ""
            let spellings = [
                "#\(leaf) = ", "# \(leaf) = ", "#   \(leaf): ", "[\(leaf)]", "#[[\(leaf)]]", "# [[\(leaf)]]",
            ]
            #expect(spellings.contains { sample.contains("\n" + $0) }, "\(path)")
        }
        for key in GeneratorConfig.keys { #expect(sample.contains("# Must be \(key.allowed).\n"), "\(key.name)") }
    }

    @Test func `comment lines stay within a terminal's width`() {
        let long = SampleConfig.text().split(separator: "\n").filter { $0.hasPrefix("# ") && $0.count > 120 }
        #expect(long == [])
    }
}
