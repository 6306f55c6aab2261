import Config
import Domain
import Testing

struct ConfigChangeTests {
    @Test func `two configurations that mean the same have no change between them`() {
        var one = StationConfig()
        one.destinations = [Destination(name: "a", url: "/srv/a.ts"), Destination(name: "b", url: "/srv/b.ts")]
        var other = one
        other.destinations.reverse()
        #expect(one.changes(to: other).isEmpty)
        #expect(StationConfig().changes(to: StationConfig()).isEmpty)
    }

    @Test func `a changed value is told as the file would have it`() {
        var after = StationConfig()
        after.generator.trackSeconds = 300
        after.buffer.whenDepleted = .shutdown
        after.generator.seed = 42
        after.encoder.animation = "/srv/rain.mp4"
        #expect(
            StationConfig().changes(to: after) == [
                ConfigChange(key: "generator.track_seconds", before: "60", after: "300"),
                ConfigChange(key: "generator.seed", before: nil, after: "42"),
                ConfigChange(key: "buffer.when_depleted", before: "\"fallback\"", after: "\"shutdown\""),
                ConfigChange(key: "encoder.animation", before: nil, after: "\"/srv/rain.mp4\""),
            ])
    }

    @Test func `a destination is known by its name, and nothing of where it goes is shown`() {
        var before = StationConfig()
        before.destinations = [
            Destination(name: "gone", url: "/srv/gone.ts"),
            Destination(name: "tube", url: "rtmp://example.org/live/abcd-secret", enabled: false),
        ]
        var after = StationConfig()
        after.destinations = [
            Destination(name: "tube", url: "rtmp://example.org/live/efgh-secret", keyFile: "/etc/secret"),
            Destination(name: "new", url: "rtmp://example.org/live/ijkl-secret"),
        ]
        let changes = before.changes(to: after)
        #expect(
            changes == [
                ConfigChange(key: "destinations.gone", before: "a table with name, url", after: nil),
                ConfigChange(key: "destinations.tube.url", before: "(private)", after: "(private)"),
                ConfigChange(key: "destinations.tube.key_file", before: nil, after: "(private)"),
                ConfigChange(key: "destinations.tube.enabled", before: "false", after: "true"),
                ConfigChange(key: "destinations.new", before: nil, after: "a table with name, url"),
            ])
        #expect(!"\(changes)".contains("secret"))
    }

    @Test func `the rotation is told as a whole`() {
        var after = StationConfig()
        after.prompts[2] = Prompt(index: 2, name: "Other", text: "veena")
        #expect(
            StationConfig().changes(to: after) == [
                ConfigChange(key: "prompts", before: "10 tables", after: "10 tables, different from number 3 on")
            ])
        after = StationConfig()
        after.prompts.removeLast(4)
        #expect(StationConfig().changes(to: after).map(\.after) == ["6 tables, different from number 7 on"])
    }

    @Test func `every key that holds a value is listed once`() {
        let paths = StationConfig.keyPaths
        #expect(Set(paths).count == paths.count)
        #expect(paths.first == "station.name")
        #expect(paths.contains("destinations.url"))
        #expect(paths.contains("prompts.text"))
        #expect(!paths.contains("destinations"))
        #expect(paths.count > 45)
    }
}
