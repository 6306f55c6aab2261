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

    @Test func `a key is read from its file or its credential, and never shown`() throws {
        try withTemporaryDirectory { directory in
            try write("abcd-1234-abcd\n", to: directory + "/key")
            let url = "rtmps://a.rtmps.youtube.com/live2"
            let key = try Destination(name: "tv", url: url, keyFile: directory + "/key").key(environment: [:])
            #expect(key?.revealed == "abcd-1234-abcd")
            #expect("\(String(describing: key))".contains("abcd") == false)
            let other = Destination(name: "tv", url: url, keyCredential: "key")
            #expect(try other.key(environment: ["CREDENTIALS_DIRECTORY": directory]) == key)
            #expect(throws: ConfigError.self) { try other.key(environment: [:]) }
            #expect(try Destination(name: "copy", url: "/srv/air.ts").key(environment: [:]) == nil)
        }
    }

    @Test func `a key that the protocol cannot carry is refused where it is read`() throws {
        try withTemporaryDirectory { directory in
            try write("short", to: directory + "/key")
            let srt = Destination(name: "tv", url: "srt://host:9000", keyFile: directory + "/key")
            #expect(throws: ConfigError.self) { try srt.key(environment: [:]) }
        }
    }

    @Test func `a password is spelled so that a URL keeps its shape`() {
        #expect(Secret("p@ss/w:rd#=x~").percentEncoded == "p%40ss%2Fw%3Ard%23%3Dx~")
    }
}
