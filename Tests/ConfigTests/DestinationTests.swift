import Config
import Testing

struct DestinationTests {
    private func file(_ lines: String) -> String { "[[destinations]]\nname = 'tv'\n\(lines)\n" }

    @Test(arguments: [
        ("rtmp://127.0.0.1:1935/live/test", Destination.Kind.rtmp), ("rtmps://example.org/app", .rtmp),
        ("srt://[::1]:9000?mode=caller", .srt), ("icecast://radio.example.org:8000/lofi", .icecast),
        ("/srv/air.flv", .file), ("/srv/my air.ts", .file), ("/srv/air.mkv", .file),
    ])
    func `a destination is a URL or a file`(url: String, kind: Destination.Kind) {
        #expect(Destination(name: "tv", url: url).kind == kind)
        #expect(problems(of: file("url = '\(url)'")) == [])
    }

    @Test(arguments: [
        "http://example.org/live", "air.flv", "/srv/air.mp4", "rtmp://", "rtmp:///live", "rtmp://host:0/live",
        "rtmp://host:99999/live", "rtmp://host/li ve", "",
    ])
    func `anything else is refused and not quoted`(url: String) {
        #expect(
            problems(of: file("url = '\(url)'")) == [
                "lofisup.toml:3: destinations[0].url must be rtmp://, rtmps://, srt:// or icecast:// and a host, or the"
                    + " absolute path of a .flv, .ts or .mkv file"
            ])
    }

    @Test(arguments: ["YouTube", "you tube", "", "this-name-is-longer-than-32-letters"])
    func `a name is lower-case letters, digits and dashes`(name: String) {
        #expect(
            problems(of: "[[destinations]]\nname = '\(name)'\nurl = '/srv/air.ts'\n") == [
                "lofisup.toml:2: destinations[0].name must be 1 to 32 lower-case letters, digits or dashes"
            ])
    }

    @Test(arguments: [
        ("rtmps://a.rtmps.youtube.com/live2/hush-hush", "rtmps://a.rtmps.youtube.com/live2"),
        ("rtmp://b.rtmp.YouTube.com/live2?backup=1/hush-hush", "rtmp://b.rtmp.YouTube.com/live2?backup=1"),
        ("rtmp://live.twitch.tv/app/hush", "rtmp://live.twitch.tv/app"),
        ("icecast://source:hush@radio.example.org:8000/lofi", "icecast://source@radio.example.org:8000/lofi"),
        ("srt://example.org:9000?passphrase=hushhushhush", "srt://example.org:9000"),
    ])
    func `a key inside the URL is refused with what to write, and not quoted`(url: String, clean: String) throws {
        let found = problems(of: file("url = '\(url)'"))
        #expect(found.count == 1)
        let problem = try #require(found.first)
        #expect(problem.hasPrefix("lofisup.toml:3: destinations[0].url: "))
        #expect(problem.contains("set url = \"\(clean)\" and key_file = "))
        #expect(!problem.contains("hush"))
    }

    @Test func `a server of one's own may have any path`() {
        #expect(problems(of: file("url = 'rtmp://127.0.0.1/live/studio/one'")) == [])
        #expect(problems(of: file("url = 'rtmp://notyoutube.com/live2/key'")) == [])
    }

    @Test func `a known service without a key is refused unless it is switched off`() {
        let url = "url = 'rtmps://a.rtmps.youtube.com/live2'"
        #expect(
            problems(of: file(url)) == [
                "lofisup.toml:3: destinations[0].url and destinations[0].key_file: a.rtmps.youtube.com takes no stream"
                    + " without a key; set key_file (or key_credential)"
            ])
        #expect(problems(of: file(url + "\nenabled = false")) == [])
        #expect(problems(of: file(url + "\nkey_credential = 'youtube'")) == [])
    }

    @Test func `one key comes from one place`() {
        let text = file("url = 'rtmp://127.0.0.1/live'\nkey_file = '/k'\nkey_credential = 'k'")
        #expect(
            problems(of: text) == [
                "lofisup.toml:4: destinations[0].key_file and destinations[0].key_credential: there is one key; remove"
                    + " one of the two"
            ])
    }

    @Test func `a file takes no key`() {
        #expect(
            problems(of: file("url = '/srv/air.ts'\nkey_file = '/k'")) == [
                "lofisup.toml:4: destinations[0].key_file and destinations[0].url: a file takes no key; remove key_file"
            ])
    }

    @Test func `a key written where its file belongs is not quoted`() {
        let found = problems(of: file("url = 'rtmp://127.0.0.1/live'\nkey_file = 'hush-hush'"))
        #expect(found == ["lofisup.toml:4: destinations[0].key_file must be an absolute path"])
        let credential = problems(of: file("url = 'rtmp://127.0.0.1/live'\nkey_credential = '../hush'"))
        #expect(credential.count == 1 && !credential.contains { $0.contains("hush") })
    }

    @Test(arguments: [
        ("rtmps://a.rtmps.youtube.com/live2", "rtmps://a.rtmps.youtube.com/live2/abcd-1234-abcd"),
        ("rtmp://live.twitch.tv/app/", "rtmp://live.twitch.tv/app/abcd-1234-abcd"),
        ("rtmp://b.rtmp.youtube.com/live2?backup=1", "rtmp://b.rtmp.youtube.com/live2?backup=1/abcd-1234-abcd"),
        ("icecast://radio.example.org:8000/lofi", "icecast://source:abcd-1234-abcd@radio.example.org:8000/lofi"),
        ("icecast://dj@radio.example.org/lofi", "icecast://dj:abcd-1234-abcd@radio.example.org/lofi"),
        ("srt://example.org:9000?mode=caller", "srt://example.org:9000?mode=caller&passphrase=abcd-1234-abcd"),
        ("srt://example.org:9000", "srt://example.org:9000?passphrase=abcd-1234-abcd"),
    ])
    func `the key goes where the protocol has it`(url: String, complete: String) throws {
        try withTemporaryDirectory { directory in
            try write("abcd-1234-abcd\n", to: directory + "/key")
            let destination = Destination(name: "tv", url: url, keyFile: directory + "/key")
            let address = try destination.address(environment: [:])
            #expect(address.revealed == complete)
            #expect("\(address)" == "<secret>")
            let other = Destination(name: "tv", url: url, keyCredential: "key")
            #expect(try other.address(environment: ["CREDENTIALS_DIRECTORY": directory]) == address)
        }
    }

    @Test func `a password is spelled so that the URL keeps its shape`() throws {
        try withTemporaryDirectory { directory in
            try write("p@ss/w:rd", to: directory + "/key")
            let icecast = Destination(name: "tv", url: "icecast://host/lofi", keyFile: directory + "/key")
            #expect(try icecast.address(environment: [:]).revealed == "icecast://source:p%40ss%2Fw%3Ard@host/lofi")
            let srt = Destination(name: "tv", url: "srt://host:9000", keyFile: directory + "/key")
            #expect(throws: ConfigError.self) { try srt.address(environment: [:]) }
        }
    }

    @Test func `a destination without a key is its URL`() throws {
        let destination = Destination(name: "copy", url: "/srv/air.ts")
        #expect(try destination.address(environment: [:]).revealed == "/srv/air.ts")
    }
}
