import Buffer
import Domain
import Foundation
import Glibc
import Platform
import TestSupport
import Testing

/// A station whose music comes from a program of somebody else's.
@Suite(.serialized, .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct PluginStationTests {
    private static let hasPython = ["/usr/bin/python3", "/usr/local/bin/python3"].contains {
        FileAccess.isExecutable($0)
    }

    private static var badPlugin: String { Files.parent(of: StationUnderTest.executable) + "/BadPlugin" }

    /// A station that only fills the Buffer, with short tracks of one prompt after the other.
    private static func config(_ command: [String], backends: String = "\"own\", \"synth\"") -> StationFile {
        let words = command.map { "\"\($0)\"" }.joined(separator: ", ")
        return StationFile(
            sections: """
                [generator]
                backends = [\(backends)]
                track_seconds = 5
                prompt_seconds = 60
                seed = 7
                [[backends]]
                name = "own"
                command = [\(words)]
                [buffer]
                warning_rest_seconds = 0
                healthy_rest_seconds = 0
                """,
            // Other work on the machine is no part of these tests.
            supervisor: "load_policy = \"off\"")
    }

    private static func tracks(_ root: String) throws -> [TrackFacts] {
        let file = root + "/state/audio_buffer/buffer_metadata.json"
        guard let data = FileManager.default.contents(atPath: file) else { return [] }
        return try StationJSON.decode(Shelf.self, from: data).tracks
    }

    private struct Shelf: Decodable { var tracks: [TrackFacts] }
    private struct TrackFacts: Decodable {
        var number: Int
        var provenance: Provenance
    }

    /// Waits until every number from 1 to `last` is there, and sees that none is there twice. What lies beyond is in the
    /// making, in any order.
    private static func waitForAll(upTo last: Int, _ root: String, withinSeconds seconds: Double = 60) throws {
        try eventually(within: seconds, "every track up to \(last) is there") {
            try Set(tracks(root).map(\.number)).isSuperset(of: 1...last)
        }
        let numbers = try tracks(root).map(\.number)
        #expect(Set(numbers).count == numbers.count && numbers == numbers.sorted(), "\(numbers)")
    }

    private func plugins(_ station: StationUnderTest, _ program: String) -> [Int32] {
        station.processesLeft().filter { $0.contains(program) }.compactMap { Int32($0.prefix { $0 != " " }) }
    }

    @Test(
        "the worked example keeps to the protocol and fills the Buffer",
        .enabled(if: hasPython, "the worked example is in Python: apt install python3"))
    func chimes() throws {
        let chimes = try #require(Self.example)
        try withTemporaryDirectory { root in
            let check = try Command(["backend", "check", "--root", root, chimes, "--bells", "3"])
            #expect(check.exit == .code(0), "\(check.output)\(check.errors)")
            try StationUnderTest.run(
                root: root, config: Self.config([chimes, "--bells", "3"]), arguments: ["--mode", "generator-only"]
            ) { station in
                try eventually(within: 60, "three tracks are ready") { try Self.tracks(root).count >= 3 }
                let generation = try #require(try station.status().generation)
                #expect(generation.backend == "own" && generation.memoryBytes ?? 0 > 1_000_000)
                let tracks = try Self.tracks(root)
                #expect(tracks.map(\.number) == Array(1...tracks.count))
                #expect(tracks.allSatisfy { $0.provenance.backend == "own" && $0.provenance.model == "3 bells" })
                #expect(Set(tracks.map(\.provenance.seed)).count == tracks.count)
                #expect(station.log.contains("own: chimes 1.0 plays 3 bells, no licence conditions"))
                #expect(station.stop() == .code(0))
                #expect(station.processesLeft() == [])
            }
        }
    }

    private static var example: String? {
        var place = StationUnderTest.executable
        while place.count > 1 {
            place = Files.parent(of: place)
            let file = place + "/plugins/example/chimes"
            if FileAccess.isExecutable(file) { return file }
        }
        return nil
    }

    @Test("a plug-in that is killed in the middle of a batch costs no track and doubles none")
    func killedPlugin() throws {
        try withTemporaryDirectory { root in
            try StationUnderTest.run(
                root: root, config: Self.config([Self.badPlugin, "slow", "0.4"]),
                arguments: ["--mode", "generator-only"]
            ) { station in
                for tracks in [2, 12] {
                    try eventually(within: 60, "\(tracks) tracks are ready") { try Self.tracks(root).count >= tracks }
                    let pid = try self.waitForPlugin(station)
                    kill(pid, SIGKILL)
                    try eventually(within: 20, "it is told") {
                        station.log.contains("own: it ended (signal 9 (Killed))")
                    }
                }
                try Self.waitForAll(upTo: (try Self.tracks(root).last?.number ?? 0) + 4, root)
                let tracks = try Self.tracks(root)
                // The synth stood in while the plug-in rested.
                #expect(Set(tracks.map(\.provenance.backend)) == ["own", "synth"])
            }
        }
    }

    private func waitForPlugin(_ station: StationUnderTest) throws -> Int32 {
        var found: [Int32] = []
        try eventually(within: 40, "the plug-in runs") {
            found = plugins(station, Self.badPlugin)
            return !found.isEmpty
        }
        return found.first ?? 0
    }

    @Test("a generator that is killed in the middle of a batch leaves no process, and its slots go to the next one")
    func killedGenerator() throws {
        try withTemporaryDirectory { root in
            try StationUnderTest.run(
                root: root, config: Self.config([Self.badPlugin, "slow", "0.5"], backends: "\"own\""),
                arguments: ["--mode", "generator-only"]
            ) { station in
                try eventually(within: 60, "two tracks are ready") { try Self.tracks(root).count >= 2 }
                let plugin = try waitForPlugin(station)
                try station.signal("generator", SIGKILL)
                try eventually(within: 5, "the plug-in has gone with it") {
                    !plugins(station, Self.badPlugin).contains(plugin)
                }
                try Self.waitForAll(upTo: (try Self.tracks(root).last?.number ?? 0) + 4, root)
                #expect(try Files.names(in: root + "/state/rendering").filter { !$0.hasSuffix(".lock") } == ["1"])
            }
        }
    }

    @Test("a generator that is paused in the middle of a batch goes on with it, and the plug-in stands still meanwhile")
    func paused() throws {
        try withTemporaryDirectory { root in
            try StationUnderTest.run(
                root: root, config: Self.config([Self.badPlugin, "slow", "2"], backends: "\"own\""),
                arguments: ["--mode", "generator-only"]
            ) { station in
                let plugin = try waitForPlugin(station)
                try eventually(within: 30, "it composes") {
                    try station.status().generation?.activity.hasPrefix("composing") ?? false
                }
                let pause = try Command(["ctl", "pause", "--root", root, "generator"])
                #expect(pause.exit == .code(0), "\(pause.output)\(pause.errors)")
                try eventually(within: 5, "the plug-in is stopped") { ProcessFigures(pid: plugin)?.state == "T" }
                #expect(try Command(["ctl", "resume", "--root", root, "generator"]).exit == .code(0))
                try eventually(within: 60, "the batch is finished") { try Self.tracks(root).count >= 1 }
                #expect(plugins(station, Self.badPlugin) == [plugin])
                #expect(!station.log.contains("backend own rests"))
            }
        }
    }

    @Test("a station that earns money passes over a plug-in whose licence forbids it, and says why")
    func monetised() throws {
        try withTemporaryDirectory { root in
            var config = Self.config([Self.badPlugin, "non-commercial"])
            config.sections += "\n[station]\nmonetised = true\n"
            try StationUnderTest.run(root: root, config: config, arguments: ["--mode", "generator-only"]) { station in
                try eventually(within: 60, "a track is ready") { try Self.tracks(root).count >= 1 }
                #expect(try Self.tracks(root).allSatisfy { $0.provenance.backend == "synth" })
                #expect(station.log.contains("own: its licence (CC-BY-NC-4.0) forbids a monetised channel"))
            }
        }
    }
}
