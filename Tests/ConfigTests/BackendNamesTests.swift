import Testing

@testable import Config

struct BackendNamesTests {
    @Test func `a backend of one's own may be named in the chain`() throws {
        let text = """
            [generator]
            backends = ["chimes", "audiocraft-small", "stereo", "synth"]
            [[backends]]
            name = "chimes"
            command = ["/opt/chimes", "--bells", "5"]
            [[backends]]
            name = "stereo"
            model = "facebook/musicgen-stereo-small"
            """
        let config = try StationConfig.parse(text, fileName: "lofisup.toml")
        #expect(config.backends.map(\.command) == [["/opt/chimes", "--bells", "5"], nil])
        #expect(
            config.knownBackends == ["synth", "audiocraft-small", "audiocraft-medium", "remote", "chimes", "stereo"])
    }

    @Test(
        "what does not go together is refused with what to do",
        arguments: [
            (
                "[[backends]]\nname = 'synth'\ncommand = ['/opt/own']\n",
                "lofisup.toml:2: backends[0].name: \"synth\" is built in; give this one another name"
            ),
            (
                "[[backends]]\nname = 'a'\n",
                "lofisup.toml:1: backends[0].command and backends[0].model: set one of the two"
            ),
            (
                "[[backends]]\nname = 'a'\ncommand = ['/opt/own']\nmodel = 'facebook/musicgen-large'\n",
                "lofisup.toml:3: backends[0].command and backends[0].model: a backend is one or the other; remove one"
            ),
            (
                "[[backends]]\nname = 'a'\ncommand = ['/a']\n[[backends]]\nname = 'a'\ncommand = ['/b']\n",
                "lofisup.toml:5: backends[1].name and backends[0].name: both are \"a\"; give each backend a name of its own"
            ),
            (
                "[[backends]]\nname = 'a'\ncommand = ['own']\n",
                "lofisup.toml:3: backends[0].command must be a list of 1 to 64 texts, the first one an absolute path;"
                    + " it is [\"own\"]"
            ),
        ])
    func refused(text: String, problem: String) {
        #expect(problems(of: text).first == problem)
    }

    @Test(
        "a channel that earns money refuses Meta's weights by the names it knows",
        arguments: ["audiocraft-small", "audiocraft-medium", "stereo"])
    func monetised(name: String) {
        let own = "[[backends]]\nname = 'stereo'\nmodel = 'facebook/musicgen-stereo-small'\n"
        let text = "[station]\nmonetised = true\n[generator]\nbackends = ['\(name)', 'synth']\n" + own
        let found = problems(of: text)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("lofisup.toml:2: station.monetised and generator.backends: ") == true)
        #expect(found.first?.contains("the weights of \(name) are CC-BY-NC 4.0") == true)
        #expect(problems(of: text.replacing("monetised = true", with: "monetised = false")).isEmpty)
    }
}
