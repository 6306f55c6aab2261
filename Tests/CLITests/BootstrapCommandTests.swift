import Buffer
import Domain
import Foundation
import Glibc
import Platform
import TestSupport
import Testing

@testable import CLI

/// `lofisup bootstrap` with the real synth.
@Suite(.serialized, .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct BootstrapCommandTests {
    private struct Fill {
        let root: String
        var out: String { root + "/portable" }
        var arguments: [String] { ["bootstrap", "--hours", "0.02", "--out", out, "--root", root] }

        init(root: String) throws {
            self.root = root
            _ = try QuietStation(root: root)
        }

        func manifest() throws -> PortableManifest {
            let data = try Data(contentsOf: URL(filePath: out + "/manifest.json"))
            return try StationJSON.decode(PortableManifest.self, from: data)
        }

        func start() throws -> ChildProcess {
            try ChildProcess(
                path: Command.executable, arguments: arguments,
                environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": root],
                descriptors: [nil, nil, nil], newSession: true)
        }
    }

    @Test(
        "killed again and again it goes on where it was, and what is there in the end is whole", .timeLimit(.minutes(5))
    )
    func killed() throws {
        try withTemporaryDirectory { root in
            let fill = try Fill(root: root)
            var random = SplitMix64(seed: 11)
            for _ in 0..<6 {
                let child = try fill.start()
                SystemClock().sleep(seconds: 0.3 + 2.2 * random.unit())
                child.signalGroup(SIGKILL)
                _ = child.wait(timeoutSeconds: 10)
            }
            let done = try Command(fill.arguments, timeoutSeconds: 200)
            #expect(done.exit == .code(0), "\(done.errors)")
            // 72 s in tracks of 5 s: fifteen of them, three to a prompt.
            let manifest = try fill.manifest()
            #expect(manifest.flaw == nil)
            #expect(manifest.tracks.map(\.number) == Array(1...15))
            #expect(manifest.tracks.map(\.promptIndex) == (0..<15).map { $0 / 3 })
            #expect(manifest.settings.trackSeconds == 5 && manifest.settings.prompts.count == 10)
            let checksum = try Checksum(searchPath: "/usr/bin:/bin")
            for track in manifest.tracks {
                let file = try FileDescriptor.open("\(fill.out)/audio_buffer/\(track.file)", O_RDONLY)
                #expect(try checksum.sha256(of: .descriptor(file)) == track.sha256)
                #expect(track.frames == 5 * 44_100 && track.provenance.backend == "synth" && !track.nonCommercial)
            }
            #expect(Set(manifest.tracks.map(\.sha256)).count == 15)
            let again = try Command(fill.arguments, timeoutSeconds: 60)
            #expect(again.exit == .code(0) && again.output.contains("15 tracks"))
            let taken = try Command(["import", fill.out, "--root", root], timeoutSeconds: 60)
            #expect(taken.exit == .code(0) && taken.output.contains("took in 15 tracks"), "\(taken.errors)")
        }
    }

    @Test("Ctrl-C ends it soon with 75 and a word on how to go on", .timeLimit(.minutes(1)))
    func interrupted() throws {
        try withTemporaryDirectory { root in
            let fill = try Fill(root: root)
            let child = try fill.start()
            try eventually(within: 20, "it has begun") { (try? fill.manifest()) != nil }
            SystemClock().sleep(seconds: 1)
            child.signal(SIGINT)
            #expect(child.wait(timeoutSeconds: 15) == .code(75))
            #expect(try fill.manifest().flaw == nil)
        }
    }

    @Test("another's directory, other settings and a second filler are refused in a sentence")
    func refused() throws {
        try withTemporaryDirectory { root in
            let fill = try Fill(root: root)
            try FileManager.default.createDirectory(atPath: fill.out, withIntermediateDirectories: true)
            try "mine".write(toFile: fill.out + "/thesis.txt", atomically: true, encoding: .utf8)
            let foreign = try Command(fill.arguments)
            #expect(
                foreign.exit == .code(1) && foreign.errors.contains("is not empty (thesis.txt)"), "\(foreign.errors)")
            try FileManager.default.removeItem(atPath: fill.out)
            _ = try PortableSource(at: fill.out, tracks: 1)
            try PortableSource.sections.replacing("track_seconds = 5", with: "track_seconds = 15")
                .write(toFile: root + "/config/lofisup.toml", atomically: true, encoding: .utf8)
            let other = try Command(fill.arguments)
            #expect(other.exit == .code(1))
            #expect(
                other.errors.contains("was begun with other settings: tracks of 5 s there, of 15 s here"),
                "\(other.errors)")
            let unknown = try Command(fill.arguments + ["--backend", "nobody", "--out", root + "/other"])
            #expect(unknown.exit != .code(0) && unknown.errors.contains("nobody"), "\(unknown.errors)")
            #expect(try Command(fill.arguments + ["--hours", "0"]).exit == .code(64))
        }
    }
}
