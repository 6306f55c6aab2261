import Domain
import FoundationEssentials
import Glibc
import IPC
import Platform
import TestSupport
import Testing

/// What the command says and does when it is used wrongly, and in generator-only mode.
@Suite(.serialized, .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct CommandTests {
    @Test("a station that cannot start says why in one sentence and exits with the right code")
    func refusals() throws {
        try withTemporaryDirectory { root in
            func refusal(
                _ code: Int32, _ words: String..., path: String = ProcessInfo.processInfo.environment["PATH"] ?? "",
                line: SourceLocation = #_sourceLocation
            ) throws {
                let tried = try Command(["run", "--root", root], path: path)
                print(tried.errors, terminator: "")
                #expect(tried.exit == .code(code), "\(tried.errors)", sourceLocation: line)
                for word in words { #expect(tried.errors.contains(word), "\(tried.errors)", sourceLocation: line) }
            }
            let file = root + "/config/lofisup.toml"
            try FileManager.default.createDirectory(atPath: root + "/config", withIntermediateDirectories: true)
            try Data("[encoder]\nwidht = 320\n".utf8).write(to: URL(filePath: file))
            try refusal(78, file, "widht", "width")
            try Data("[encoder\n".utf8).write(to: URL(filePath: file))
            try refusal(78, file)
            try Data(
                "[[destinations]]\nname = \"a\"\nurl = \"rtmp://127.0.0.1/live\"\nkey_file = \"\(root)/none\"\n".utf8
            ).write(to: URL(filePath: file))
            try refusal(78, root + "/none")
            try Data().write(to: URL(filePath: file))

            try refusal(1, "ffmpeg", "apt install ffmpeg", path: "/nonexistent")

            try FileManager.default.removeItem(atPath: root + "/state")
            try Data().write(to: URL(filePath: root + "/state"))
            try refusal(78, root + "/state", "is no directory")
            if geteuid() != 0 {
                try FileManager.default.removeItem(atPath: root + "/state")
                try FileManager.default.createDirectory(atPath: root + "/state", withIntermediateDirectories: true)
                _ = chmod(root + "/state", 0o555)
                try refusal(78, root + "/state", "cannot write to it")
            }
            let nobody = try Command(["status", "--root", root])
            #expect(nobody.exit == .code(69))
            #expect(
                nobody.errors.contains("no station answers on \(root)/run/lofisup.sock; start one with `lofisup run`"))
            #expect(try Command(["run", "--root", root, "--mode", "sideways"]).exit == .code(64))
        }
    }

    @Test("generator-only: two generators fill the Buffer in order, nothing else runs, and ctl answers plainly")
    func generatorOnly() throws {
        try withTemporaryDirectory { root in
            let config = StationFile(
                sections: """
                    [generator]
                    count = 2
                    track_seconds = 5
                    prompt_seconds = 10
                    """)
            let arguments = ["--mode", "generator-only"]
            try StationUnderTest.run(root: root, config: config, arguments: arguments) { station in
                try eventually(within: 20, "both generators run", pollSeconds: 0.1) {
                    (try? station.status().workers.map(\.state)) == ["running", "running"]
                }
                #expect(try station.status().workers.map(\.name) == ["generator", "generator/2"])
                try checkControl(station)
                let second = try Command(["run", "--root", root] + arguments)
                #expect(second.exit == .code(1))
                #expect(
                    second.errors.contains(
                        "another lofisup runs this station already (process \(station.supervisorPID))"))
                let clock = SystemClock()
                let began = clock.monotonicSeconds
                try eventually(within: 60, "six tracks are ready", pollSeconds: 0.2) {
                    try station.status().buffer?.readyTracks ?? 0 >= 6
                }
                print("six tracks of 5 s by two generators in \(clock.monotonicSeconds - began) s")
                print(try station.status().sentence)
                #expect(
                    try station.status().sentence.hasPrefix("filling the buffer, buffer 0.0 h DEPLETED, 2 generators"))
                #expect(!FileManager.default.fileExists(atPath: root + "/run/feed.sock"))
                #expect(station.stop() == .code(0))
                #expect(station.processesLeft() == [])
            }
            try checkTracks(root + "/state/audio_buffer")
        }
    }

    private func checkControl(_ station: StationUnderTest) throws {
        let root = ["--root", station.root]
        let before = try station.worker("generator/2")?.pid
        let restarted = try Command(["ctl", "restart", "generator/2", "--json"] + root)
        #expect(restarted.exit == .code(0), "\(restarted.errors)")
        let answer = try StationJSON.decode(OperationStatus.self, from: Data(restarted.output.utf8))
        #expect(answer.state == .done)
        try eventually(within: 10, "the second generator has a new process", pollSeconds: 0.1) {
            let worker = try station.worker("generator/2")
            return worker?.state == "running" && worker?.pid != before
        }
        let nonsense = try Command(["ctl", "restart", "nonsense"] + root)
        #expect(nonsense.exit == .code(64))
        #expect(
            nonsense.errors.contains(
                "there is no worker named nonsense; there are encoder, feeder, dashboard, generator"))
        let absent = try Command(["ctl", "restart", "encoder"] + root)
        #expect(absent.exit == .code(1))
        #expect(
            absent.errors.contains("no worker named encoder; there are: generator, generator/2"), "\(absent.errors)")
        let told = try Command(["ctl", "status", "--json"] + root)
        let status = try StationJSON.decode(StationStatus.self, from: Data(told.output.utf8))
        #expect(status.mode == .generatorOnly)
        #expect(!status.onAir)
    }

    /// Numbers grow by one, two tracks to a prompt, and no file is left behind half done.
    private func checkTracks(_ directory: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            .filter { $0.hasPrefix("chunk_") }.sorted()
        #expect(names.count >= 6)
        for (at, name) in names.enumerated() {
            let number = String(1000 + at + 1).dropFirst()
            #expect(name == "chunk_\(number)_prompt_\(at / 2 % 10)_5s.wav")
        }
    }
}
