import Testing

@testable import Config

struct RendererConfigTests {
    @Test(arguments: [
        "https://attic.example.org", "https://10.1.2.3:8443/renderer", "http://127.0.0.1:8092", "http://localhost",
        "http://[::1]:8092", "http://127.9.9.9/",
    ])
    func `an address of a renderer is good`(url: String) {
        #expect(problems(of: "[[renderers]]\nname = \"a\"\nurl = \"\(url)\"\n") == [])
    }

    @Test(arguments: [
        "attic.example.org", "ftp://attic", "https://", "https://user:word@attic", "https://attic?token=x",
        "https://attic#x", "https://attic:0", "https://attic:99999", "https://a b", "http://[::1", "file:///etc/passwd",
        "https://attic\\nx",
    ])
    func `what is none is refused, and not repeated`(url: String) {
        let found = problems(of: "[[renderers]]\nname = \"a\"\nurl = \"\(url)\"\n")
        #expect(
            found == ["lofisup.toml:3: renderers[0].url must be https:// or http://, a host, perhaps a port and a path"]
        )
    }

    @Test(arguments: [
        "http://10.1.2.3", "http://attic.example.org:8092", "http://127.0.0.1.example.org", "http://[::2]",
    ])
    func `a token by http to another machine has to be meant`(url: String) {
        let text = "[[renderers]]\nname = \"a\"\nurl = \"\(url)\"\n"
        #expect(problems(of: text).count == 1)
        #expect(problems(of: text).first?.contains("use https://, or insecure = true") ?? false)
        #expect(problems(of: text + "insecure = true\n") == [])
    }

    @Test func `two renderers have two names, and remote needs one`() {
        let one = "[[renderers]]\nname = \"a\"\nurl = \"https://a\"\n"
        #expect(problems(of: one + one).first?.contains("give each renderer a name of its own") ?? false)
        let remote = "[generator]\nbackends = [\"remote\", \"synth\"]\n"
        #expect(problems(of: remote).first?.contains("there is none; add one") ?? false)
        #expect(problems(of: remote + one) == [])
    }

    @Test func `one token at most, for a renderer and for a server`() {
        let tokens = "token_file = \"/a\"\ntoken_credential = \"b\"\n"
        #expect(problems(of: "[render_server]\n" + tokens).first?.contains("there is one token") ?? false)
        #expect(
            problems(of: "[[renderers]]\nname = \"a\"\nurl = \"https://a\"\n" + tokens).first?
                .contains("there is one token") ?? false)
    }

    @Test(arguments: ["0.0.0.0", "::", "10.1.2.3"])
    func `a server that others reach needs a token`(host: String) {
        let text = "[render_server]\nhost = \"\(host)\"\n"
        #expect(problems(of: text).first?.contains("clients must show a token") ?? false)
        #expect(problems(of: text + "token_file = \"/etc/lofisup/token\"\n") == [])
    }

    @Test func `a renderer does not ask renderers`() {
        let text = "[render_server]\nbackends = [\"remote\"]\n[[renderers]]\nname = \"a\"\nurl = \"https://a\"\n"
        #expect(problems(of: text).first?.contains("a renderer does not ask renderers") ?? false)
    }
}
