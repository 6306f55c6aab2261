import Testing

@testable import Config

struct ConfigProblemTests {
    @Test func `an unknown key is refused with its line and the nearest known key`() {
        let text = "[station]\nname = 'a'\n\n# a comment\n[feeder]\ncrossfade_second = 2\n"
        #expect(
            problems(of: text) == [
                "lofisup.toml:6: unknown key feeder.crossfade_second; did you mean crossfade_seconds?"
            ])
    }

    @Test func `a key in the wrong table is told where it belongs`() {
        let hint = "did you mean feeder.crossfade_seconds?"
        #expect(
            problems(of: "crossfade_seconds = 2") == ["lofisup.toml:1: unknown key crossfade_seconds; \(hint)"])
        #expect(
            problems(of: "[generator]\ncrossfade_seconds = 2") == [
                "lofisup.toml:2: unknown key generator.crossfade_seconds; \(hint)"
            ])
    }

    @Test func `a key like no other lists the known ones`() {
        #expect(
            problems(of: "[evergreen]\nxylophone = 2") == [
                "lofisup.toml:2: unknown key evergreen.xylophone; known here: max_size, repeat_after_hours"
            ])
    }

    @Test(arguments: [
        ("[encodr]\nwidth = 2\n", "encodr; did you mean encoder?"),
        ("[Feeder]\n", "Feeder; did you mean feeder?"),
        ("[feeder]\ncrossfade-seconds = 2\n", "feeder.crossfade-seconds; did you mean crossfade_seconds?"),
        ("[dashboard]\nprot = 1\n", "dashboard.prot; did you mean port?"),
        (
            "[[destinations]]\nname = 'a'\nurl = '/a.ts'\nkey = 'hush'\n",
            "destinations[0].key; did you mean key_file?"
        ),
    ])
    func `a slip of the hand is recognised`(text: String, ending: String) throws {
        let found = problems(of: text)
        #expect(found.count == 1)
        #expect(try #require(found.first).hasSuffix("unknown key " + ending))
    }

    @Test(arguments: [
        (
            "[generator]\ntrack_seconds = 4\n",
            "generator.track_seconds must be a number from 5 to 3600 (seconds); it is 4"
        ),
        (
            "[generator]\ntrack_seconds = '60'\n",
            "generator.track_seconds must be a number from 5 to 3600 (seconds); it is \"60\""
        ),
        (
            "[generator]\ntrack_seconds = nan\n",
            "generator.track_seconds must be a number from 5 to 3600 (seconds); it is nan"
        ),
        ("[generator]\ncount = 11\n", "generator.count must be a whole number from 0 to 10 (processes); it is 11"),
        ("[generator]\ncount = 1.5\n", "generator.count must be a whole number from 0 to 10 (processes); it is 1.5"),
        (
            "[generator]\nloudness_lufs = -8\n",
            "generator.loudness_lufs must be a number from -30 to -9 (LUFS); it is -8"
        ),
        (
            "[generator]\nbackends = ['synht']\n",
            "generator.backends: there is no backend \"synht\"; known: synth, audiocraft-small, audiocraft-medium,"
                + " remote. A program of your own is a [[backends]]"
        ),
        (
            "[generator]\nbackends = []\n",
            "generator.backends must be a list of one or more names, each once; it is []"
        ),
        (
            "[generator]\nseed = -1\n",
            "generator.seed must be a whole number from 0 to 9223372036854775807; it is -1"
        ),
        ("[encoder]\nwidth = 1281\n", "encoder.width must be an even number from 16 to 3840 (pixels); it is 1281"),
        (
            "[encoder]\naudio_kbps = 96\n",
            "encoder.audio_kbps must be a whole number from 128 to 512 (kbit/s); it is 96"
        ),
        (
            "[encoder]\ncushion_seconds = 9.9\n",
            "encoder.cushion_seconds must be a number from 10 to 60 (seconds); it is 9.9"
        ),
        ("[encoder]\nanimation = 'a.mp4'\n", "encoder.animation must be an absolute path; it is \"a.mp4\""),
        ("[dashboard]\nenabled = 1\n", "dashboard.enabled must be true or false; it is 1"),
        (
            "[dashboard]\nport = 65536\n",
            "dashboard.port must be a whole number from 0 to 65535 (a TCP port); it is 65536"
        ),
        (
            "[dashboard]\nhost = 'example.org'\n",
            "dashboard.host must be an IPv4 or IPv6 address, or \"localhost\"; it is \"example.org\""
        ),
        (
            "[buffer]\nwhen_depleted = 'stop'\n",
            "buffer.when_depleted must be \"fallback\" or \"shutdown\"; it is \"stop\""
        ),
        (
            "[buffer]\ndisk_reserve = '2 XB'\n",
            "buffer.disk_reserve must be a size such as \"5GB\", \"500 MiB\" or a whole number of bytes; it is \"2 XB\""
        ),
        (
            "[buffer]\ndisk_reserve = 2024-01-01\n",
            "buffer.disk_reserve must be a size such as \"5GB\", \"500 MiB\" or a whole number of bytes;"
                + " it is a date or time"
        ),
        (
            "[station]\nname = \"a\\nb\"\n",
            "station.name must be one line of text of at most 80 characters; it is \"a\\nb\""
        ),
    ])
    func `a value that is not allowed is refused with what is`(text: String, message: String) {
        #expect(problems(of: text) == ["lofisup.toml:2: \(message)"])
    }

    @Test func `a value in the place of a table is refused and not quoted`() {
        let destinations = "destinations must be 0 to 16 tables, each under a [[destinations]] of its own"
        #expect(problems(of: "\nfeeder = 3\n") == ["lofisup.toml:2: feeder must be a table; it is a number"])
        #expect(problems(of: "[destinations]\nname = 'a'\n") == ["lofisup.toml:1: \(destinations); it is a table"])
        #expect(problems(of: "destinations = 'rtmp://h/hush'") == ["lofisup.toml:1: \(destinations); it is a text"])
        #expect(
            problems(of: "destinations = [\n'rtmp://h/hush']") == [
                "lofisup.toml:2: destinations[0] must be a table; it is a text"
            ])
    }

    @Test(arguments: ["key_file = hush-hush", "key_file = 'hush-hush", "url = rtmp://a/hush-hush", "url = \"\\hush\""])
    func `a syntax error does not quote what may be a key`(line: String) {
        let found = problems(of: "[[destinations]]\n\(line)\n")
        #expect(found.count == 1 && !found.contains { $0.contains("hush") })
    }

    @Test(arguments: [
        "[generator]\nloudness_lufs = -30\n", "[generator]\nloudness_lufs = -9\n", "[generator]\ncount = 10\n",
        "[encoder]\ncushion_seconds = 60\n", "[encoder]\naudio_kbps = 128\n", "[dashboard]\nport = 80\n",
        "[dashboard]\nhost = '::1'\n", "[dashboard]\nhost = '0.0.0.0'\n", "[dashboard]\nhost = 'localhost'\n",
        "[buffer]\ndisk_reserve = 0\n", "[generator]\ntrack_seconds = 3600\n", "[generator]\ntrack_seconds = 60.0\n",
    ])
    func `the ends of a range are allowed`(text: String) {
        #expect(problems(of: text) == [])
    }

    @Test func `all problems are reported at once in the order of the lines`() {
        let text = """
            [generator]
            count = 99
            trak_seconds = 5

            [buffer]
            target_hours = 40

            [[destinations]]
            url = "ftp://example.org"
            """
        #expect(
            problems(of: text).map { $0.prefix(40) }
                == [
                    "lofisup.toml:2: generator.count must be a whole n",
                    "lofisup.toml:3: unknown key generator.trak_second",
                    "lofisup.toml:6: buffer.max_hours and buffer.targe",
                    "lofisup.toml:8: destinations[0].name is missing; ",
                    "lofisup.toml:9: destinations[0].url must be rtmp:",
                ].map { $0.prefix(40) })
    }

    @Test func `a syntax error has its line`() throws {
        let found = problems(of: "[generator]\ncount = 1\ncount = \n")
        #expect(found.count == 1)
        #expect(try #require(found.first).hasPrefix("lofisup.toml:3: not TOML: "))
    }

    @Test func `a refused value contradicts nothing`() {
        #expect(problems(of: "[generator]\ntrack_seconds = 'x'\nprompt_seconds = 90\n").count == 1)
    }

    @Test(arguments: [("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("", "abc", 3)])
    func `the distance of two words counts edits and swaps`(left: String, right: String, edits: Int) {
        #expect(NearestKey.distance(left, right) == edits)
        #expect(NearestKey.distance(right, left) == edits)
    }
}
