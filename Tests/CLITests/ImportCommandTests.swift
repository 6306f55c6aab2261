import Buffer
import Domain
import Foundation
import Glibc
import Platform
import TestSupport
import Testing

@testable import CLI

/// `lofisup import` as an operator runs it, over a real ssh.
@Suite(.serialized, .enabled(if: SSHServer.isInstalled, Comment(rawValue: SSHServer.isNeeded)))
struct ImportCommandTests {
    private func withStation(
        tracks: Int = 8, licence: String? = nil, named name: String = "portable", sections: String? = nil,
        _ body: (PortableSource, QuietStation, [String]) throws -> Void
    ) throws {
        try withTemporaryDirectory { scratch in
            let source = try PortableSource(at: "\(scratch)/\(name)", tracks: tracks, licence: licence)
            let station = try QuietStation(root: scratch + "/station", sections: sections ?? PortableSource.sections)
            try body(source, station, ["--root", station.root])
        }
    }

    @Test("over ssh everything comes once, in order, and a second run says that there is nothing new")
    func whole() throws {
        // A name that every shell on the way would do something with.
        try withStation(named: "a b; $(touch gone) 'c' * \"d\"") { source, station, root in
            try SSHServer.run(in: station.root) { server in
                let call = ["import", "127.0.0.1:\(source.path)", "--ssh", server.command] + root
                let first = try Command(call, timeoutSeconds: 60)
                #expect(first.exit == .code(0), "\(first.errors)")
                #expect(first.output.contains("took in 8 tracks"), "\(first.output)")
                #expect(first.output.contains("1 turn not whole"))
                #expect(try station.titles() == (1...8).map { "Elsewhere \($0)" })
                let second = try Command(call, timeoutSeconds: 60)
                #expect(second.exit == .code(0), "\(second.errors)")
                #expect(second.output == "nothing new: 8 of 8 tracks are known here\n")
                #expect(try station.titles().count == 8)
                let ready = try station.buffer().ready(limit: .max)
                #expect(ready.allSatisfy { $0.provenance?.backend == "elsewhere" && $0.provenance?.sha256 != nil })
                #expect(!FileManager.default.fileExists(atPath: FileManager.default.currentDirectoryPath + "/gone"))
            }
        }
    }

    @Test("a file whose bytes are others is kept aside with its reason, and comes in when it is mended")
    func corrupt() throws {
        try withStation { source, station, root in
            let good = try Data(contentsOf: URL(filePath: source.file(2)))
            try source.damage(2)
            let first = try Command(["import", source.path, "--json"] + root, timeoutSeconds: 60)
            #expect(first.exit == .code(1))
            #expect(first.output.contains("its bytes are not those that were made"), "\(first.output)")
            #expect(try station.titles() == [4, 5, 6, 7, 8, 1, 3].map { "Elsewhere \($0)" })
            let refused = try Files.names(in: station.root + "/state/audio_buffer/refused")
            #expect(refused.count == 2 && refused[0].hasPrefix("refused_000001"), "\(refused)")
            try good.write(to: URL(filePath: source.file(2)))
            let second = try Command(["import", source.path] + root, timeoutSeconds: 60)
            #expect(second.exit == .code(0) && second.output.contains("took in 1 tracks"), "\(second.output)")
            #expect(Set(try station.titles()) == Set((1...8).map { "Elsewhere \($0)" }))
        }
    }

    @Test("a connection that breaks, and an import that is killed, are gone on with and nothing comes twice")
    func interrupted() throws {
        try withStation(tracks: 120) { source, station, root in
            try SSHServer.run(in: station.root) { server in
                let call = ["import", "127.0.0.1:\(source.path)", "--ssh", server.command] + root
                var broken = 0
                var killed = 0
                for round in 0..<6 {
                    let errors = try FileDescriptor.open(station.root + "/err", O_RDWR | O_CREAT | O_TRUNC)
                    let child = try ChildProcess(
                        path: Command.executable, arguments: call,
                        environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": station.root],
                        descriptors: [nil, errors.number, errors.number], newSession: true)
                    let staging = station.root + "/state/audio_buffer/import/0123456789abcdef"
                    let before = (try? Files.names(in: staging).count) ?? 0
                    try eventually(within: 30, "some tracks are staged", pollSeconds: 0.002) {
                        child.hasEnded || ((try? Files.names(in: staging).count) ?? 0) > before + 4
                    }
                    if round % 2 == 0 {
                        server.cutConnections()
                        let exit = try #require(child.wait(timeoutSeconds: 30))
                        if exit == .code(75) { broken += 1 }
                        #expect([.code(0), .code(75)].contains(exit))
                    } else {
                        child.signalGroup(SIGKILL)
                        if child.wait(timeoutSeconds: 10) == .signal(SIGKILL) { killed += 1 }
                    }
                }
                #expect(broken > 0 && killed > 0, "\(broken) broken, \(killed) killed")
                let last = try Command(call, timeoutSeconds: 120)
                #expect(last.exit == .code(0), "\(last.errors)")
                #expect(try station.titles() == (1...120).map { "Elsewhere \($0)" })
                #expect(
                    try !Files.names(in: station.root + "/state/audio_buffer/import").contains("0123456789abcdef"))
            }
        }
    }

    @Test("a station that composes meanwhile keeps its rotation, and every track comes once", .timeLimit(.minutes(6)))
    func running() throws {
        // Ten whole turns, so that every slot of every prompt is accounted for.
        let unhurried =
            PortableSource.sections.replacing("[generator]", with: "[generator]\nnice = 0")
            + "[supervisor]\nload_policy = \"off\"\n"
        try withStation(tracks: 30, sections: unhurried) { source, station, root in
            let log = try FileDescriptor.open(station.root + "/log", O_WRONLY | O_CREAT)
            let process = try ChildProcess(
                path: Command.executable, arguments: ["run", "--mode", "generator-only"] + root,
                environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": station.root],
                descriptors: [nil, log.number, log.number], newSession: true)
            defer {
                process.signal(SIGTERM)
                if process.wait(timeoutSeconds: 30) == nil { process.signalGroup(SIGKILL) }
            }
            try eventually(within: 120, "the station has made some tracks", pollSeconds: 0.1) {
                ((try? station.titles().count) ?? 0) >= 2
            }
            let told = try Command(["import", source.path] + root, timeoutSeconds: 60)
            #expect(told.exit == .code(0), "\(told.errors)")
            let there = try station.titles().count
            try eventually(within: 150, "it goes on composing", pollSeconds: 0.1) {
                try station.titles().count >= there + 6
            }
            let again = try Command(["import", source.path] + root, timeoutSeconds: 60)
            #expect(again.output.contains("nothing new"))
            let ready = try station.buffer().ready(limit: .max)
            for track in ready {
                let place = track.number - 1
                #expect(track.promptIndex == place / 3 % 10 && track.positionInPrompt == place % 3, "\(track.number)")
            }
            let elsewhere = ready.map(\.title).filter { $0.hasPrefix("Elsewhere") }
            #expect(elsewhere.count == 30 && Set(elsewhere).count == 30)
        }
    }

    @Test("what a monetised station may not play is not fetched, and what does not fit is refused in words")
    func refusals() throws {
        try withStation(licence: "CC-BY-NC 4.0", sections: "[station]\nmonetised = true\n" + PortableSource.sections) {
            source, station, root in
            let told = try Command(["import", source.path] + root, timeoutSeconds: 60)
            #expect(told.exit == .code(1))
            #expect(told.output.contains("CC-BY-NC 4.0, and this station is monetised"), "\(told.output)")
            #expect(try station.titles() == [])
        }
        try withStation(tracks: 3, sections: "[generator]\ntrack_seconds = 60\n") { source, _, root in
            let told = try Command(["import", source.path] + root, timeoutSeconds: 60)
            #expect(told.exit == .code(1))
            #expect(told.errors.contains("tracks of 5 s there, of 60 s here (track_seconds)"), "\(told.errors)")
        }
        try withStation(
            tracks: 3, sections: PortableSource.sections + "[[prompts]]\nname = \"Other\"\ntext = \"other\"\n"
        ) { source, _, root in
            let told = try Command(["import", source.path] + root, timeoutSeconds: 60)
            #expect(told.exit == .code(1) && told.errors.contains("which this station does not have"), "\(told.errors)")
        }
        try withStation(tracks: 3, sections: PortableSource.sections.replacing("1 MB", with: "900 TB")) {
            source, _, root in
            let told = try Command(["import", source.path] + root, timeoutSeconds: 60)
            #expect(told.exit == .code(74) && told.errors.contains("no room for"), "\(told.errors)")
        }
    }

    @Test("a place that is none, a host that does not answer and a strange manifest are told apart")
    func places() throws {
        try withStation(tracks: 1) { source, station, root in
            let none = try Command(["import", station.root] + root)
            #expect(none.exit == .code(1) && none.errors.contains("is no portable buffer"), "\(none.errors)")
            let option = try Command(["import", "--ssh", "ssh", "--", "-oProxyCommand=touch${IFS}gone:x"] + root)
            #expect(option.exit == .code(64), "\(option.errors)")
            let port = try Loopback.freePort()
            let away = try Command(
                ["import", "127.0.0.1:/x", "--ssh", "ssh -F /dev/null -p \(port) -o BatchMode=yes"] + root,
                timeoutSeconds: 30)
            #expect(away.exit == .code(75) && away.errors.contains("could not be fetched"), "\(away.errors)")
            try "{}".write(toFile: source.path + "/manifest.json", atomically: true, encoding: .utf8)
            let strange = try Command(["import", source.path] + root)
            #expect(strange.exit == .code(1) && strange.errors.contains("its manifest cannot be used"))
        }
    }

    @Test("a file in the list that is not there yet is said, and the others come in")
    func unfinished() throws {
        try withStation { source, station, root in
            let file = try source.file(8)
            try Files.move(file, to: source.path + "/later")
            let first = try Command(["import", source.path] + root, timeoutSeconds: 60)
            #expect(first.exit == .code(75) && first.output.contains("1 track in the list and not there yet"))
            #expect(try station.titles().count == 7)
            try Files.move(source.path + "/later", to: file)
            #expect(try Command(["import", source.path] + root, timeoutSeconds: 60).exit == .code(0))
            #expect(try station.titles().count == 8)
        }
    }
}

struct ImportSourceTests {
    @Test("hosts and directories are told apart as ssh and rsync do")
    func places() throws {
        func place(_ text: String) throws -> [String?] {
            let source = try ImportSource(text, workingDirectory: "/here")
            return [source.host, source.path, source.argument("audio_buffer")]
        }
        #expect(try place("dir") == [nil, "/here/dir", "/here/dir/audio_buffer/"])
        #expect(try place("./a:b") == [nil, "/here/./a:b", "/here/./a:b/audio_buffer/"])
        #expect(try place("/a:b") == [nil, "/a:b", "/a:b/audio_buffer/"])
        #expect(try place("host:dir") == ["host", "dir", "host:dir/audio_buffer/"])
        #expect(try place("me@host:/a b") == ["me@host", "/a b", "me@host:/a b/audio_buffer/"])
        #expect(try place("me@[::1]:~/x") == ["me@[::1]", "x", "me@[::1]:x/audio_buffer/"])
    }

    @Test(
        "what ssh or a shell could take for something else is refused",
        arguments: [
            "", "-oProxyCommand=x:dir", "a b:dir", "a;b:dir", "$(x):dir", "a@-b:dir", "@host:dir", "a@b@c:dir", "host:",
            "host::module", "rsync://host/x", "host:-x", "a\nb:x", ":x",
        ])
    func refused(text: String) {
        #expect(throws: ImportError.self) { try ImportSource(text, workingDirectory: "/here") }
    }
}
