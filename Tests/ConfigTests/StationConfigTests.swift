import Config
import Domain
import Foundation
import Testing

struct StationConfigTests {
    @Test func `an empty file is the defaults`() throws {
        #expect(try StationConfig.parse("", fileName: "lofisup.toml") == StationConfig())
        #expect(try StationConfig.parse("[generator]\n# nothing\n", fileName: "lofisup.toml") == StationConfig())
    }

    @Test func `the defaults are those of the design`() {
        let config = StationConfig()
        #expect(config.station.name == "lofisup")
        #expect(config.generator.backends == ["synth"])
        #expect(config.generator.tracksPerPrompt == 60)
        #expect(config.generator.seed == nil)
        #expect(config.buffer.bands == HealthBands())
        #expect(config.buffer.diskReserve.bytes == 2_000_000_000)
        #expect(config.buffer.whenDepleted == .fallback)
        #expect(config.encoder.audioKbps == 160)
        #expect(config.dashboard.host == "127.0.0.1")
        #expect(config.destinations.isEmpty)
        #expect(config.prompts.map(\.index) == Array(0...9))
        #expect(Set(config.prompts.map(\.name)).count == 10)
        #expect(config.prompts.allSatisfy { $0.text.contains("bpm") && $0.text.contains("lofi") })
    }

    @Test func `every kind of value is read`() throws {
        let text = """
            feeder.crossfade_seconds = 1.5   # a dotted key
            [station]
            name = "Raag & Ruhe"
            [generator]
            track_seconds = 300
            count = 0
            seed = 7
            [buffer]
            disk_reserve = "500 MiB"
            when_depleted = "shutdown"
            healthy_hours = 20
            [dashboard]
            enabled = false
            port = 0
            [[destinations]]
            name = "youtube"
            url = "rtmps://a.rtmps.youtube.com/live2"
            key_credential = "youtube"
            [[destinations]]
            name = "copy"
            url = "/var/tmp/copy.flv"
            enabled = false
            """
        let config = try StationConfig.parse(text, fileName: "lofisup.toml")
        var expected = StationConfig()
        expected.feeder.crossfadeSeconds = 1.5
        expected.station.name = "Raag & Ruhe"
        expected.generator.trackSeconds = 300
        expected.generator.count = 0
        expected.generator.seed = 7
        expected.buffer.diskReserve = ByteCount(bytes: 500 * 1024 * 1024)
        expected.buffer.whenDepleted = .shutdown
        expected.buffer.bands.healthyHours = 20
        expected.dashboard.enabled = false
        expected.dashboard.port = 0
        expected.destinations = [
            Destination(name: "youtube", url: "rtmps://a.rtmps.youtube.com/live2", keyCredential: "youtube"),
            Destination(name: "copy", url: "/var/tmp/copy.flv", enabled: false),
        ]
        #expect(config == expected)
        #expect(config.generator.tracksPerPrompt == 12)
    }

    @Test func `the prompts of a file replace the ten`() throws {
        let text = "[[prompts]]\nname = 'One'\ntext = 'sitar'\n[[prompts]]\nname = 'Two'\ntext = 'tabla'\n"
        let config = try StationConfig.parse(text, fileName: "lofisup.toml")
        #expect(
            config.prompts == [
                Prompt(index: 0, name: "One", text: "sitar"), Prompt(index: 1, name: "Two", text: "tabla"),
            ])
    }

    @Test func `a station has 1 to 100 prompts`() {
        let one = "[[prompts]]\nname = 'One'\ntext = 'sitar'\n"
        #expect(problems(of: String(repeating: one, count: 100)).isEmpty)
        let allowed = "1 to 100 tables, each under a [[prompts]] of its own"
        #expect(
            problems(of: String(repeating: one, count: 101)) == [
                "lofisup.toml:1: prompts must be \(allowed); there are 101"
            ])
        #expect(problems(of: "prompts = []") == ["lofisup.toml:1: prompts must be \(allowed); there are 0"])
    }

    @Test func `a missing file is the defaults only where nobody named it`() throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/lofisup.toml"
            #expect(try StationConfig.load(file: file, mustExist: false) == StationConfig())
            #expect(throws: ConfigError.missing(file: file)) { try StationConfig.load(file: file, mustExist: true) }
            try write("[generator]\ncount = 3\n", to: file)
            #expect(try StationConfig.load(file: file, mustExist: true).generator.count == 3)
        }
    }

    @Test func `a file that is no text file is refused with the reason`() throws {
        try withTemporaryDirectory { directory in
            #expect(throws: ConfigError.unreadable(file: directory, reason: "not a regular file")) {
                try StationConfig.load(file: directory, mustExist: false)
            }
            let large = directory + "/large.toml"
            try write(String(repeating: "#", count: 1_048_577), to: large)
            #expect(throws: ConfigError.unreadable(file: large, reason: "larger than 1048576 bytes")) {
                try StationConfig.load(file: large, mustExist: false)
            }
        }
        #expect(problems(of: "\n\n[feeder]\u{0}\n") == ["lofisup.toml:3: a zero byte; this is no text file"])
    }

    @Test func `a file that is not UTF-8 is refused`() throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/latin1.toml"
            try write("", to: file)
            try Data([0x23, 0xE9, 0x0A]).write(to: URL(fileURLWithPath: file))
            #expect(throws: ConfigError.unreadable(file: file, reason: "not UTF-8 text; save it as UTF-8")) {
                try StationConfig.load(file: file, mustExist: false)
            }
        }
    }
}
