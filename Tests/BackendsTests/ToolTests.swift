import FoundationEssentials
import Platform
import Testing

/// A time limit for everything that could hang when Tool is wrong.
@Suite(.timeLimit(.minutes(1)))
struct ToolTests {
    private func shell() throws -> Tool { try Tool("sh", searchPath: machinePath) }

    private func error(_ body: () throws -> some Any) -> ToolError? {
        do {
            _ = try body()
            Issue.record("nothing was thrown")
        } catch let error as ToolError {
            return error
        } catch { Issue.record("threw \(error)") }
        return nil
    }

    @Test func `takes standard output and standard error apart`() throws {
        let said = try shell().run(["-c", "echo out; echo err >&2"])
        #expect(said.stdoutText == "out\n")
        #expect(said.stderrText == "err\n")
    }

    @Test func `a missing tool is named with the package that has it`() {
        let error = error { try Tool("ffmpeg", searchPath: "/nonexistent:relative") }
        #expect(error?.description == "ffmpeg is missing: install it with apt install ffmpeg")
    }

    @Test func `a directory or a file that may not be run is not a tool`() throws {
        try withScratch { directory in
            try FileManager.default.createDirectory(atPath: "\(directory)/one", withIntermediateDirectories: false)
            try Data("x".utf8).write(to: URL(filePath: "\(directory)/two"))
            for name in ["one", "two"] {
                let error = error { try Tool(name, searchPath: directory) }
                #expect(error == .missing(tool: name, package: name))
            }
        }
    }

    @Test func `feeds and reads more than any pipe holds, both ways at once`() throws {
        let bytes = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let said = try shell().run(["-c", "tee /dev/stderr"], input: .bytes(bytes))
        #expect(said.stdout == bytes)
        #expect(said.stderr.elementsEqual(bytes.suffix(said.stderr.count)))
        #expect(said.stderr.count >= 64 << 10 && said.stderr.count <= 256 << 10)
    }

    @Test func `a tool that does not read its input is no error`() throws {
        let said = try shell().run(["-c", "echo done"], input: .bytes([UInt8](repeating: 7, count: 4 << 20)))
        #expect(said.stdoutText == "done\n")
    }

    @Test func `pieces are fed one by one until there is none, and what is said is handed on as it comes`() throws {
        var given = 0
        var heard: [String] = []
        // Nothing follows a line before its answer is heard: the answer must be handed on while the tool runs.
        let said = try shell().run(
            ["-c", "while read line; do echo got $line; done; echo ended"], input: .pieces,
            feed: {
                guard heard.count == given else { return [] }
                guard given < 3 else { return nil }
                given += 1
                return Array("\(given)\n".utf8)
            }, heard: { heard.append(String(decoding: $0, as: UTF8.self)) })
        #expect(heard == ["got 1\n", "got 2\n", "got 3\n", "ended\n"])
        #expect(said.stdoutText == heard.joined())
    }

    @Test func `feeding ends with the cancellation or when the tool stops reading`() throws {
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        #expect(try shell().run(["-c", "echo done"], input: .pieces, feed: { piece }).stdoutText == "done\n")
        var given = 0
        let error = error {
            try shell().run(
                ["-c", "cat >/dev/null"], input: .pieces,
                feed: {
                    given += 1
                    return piece
                }, isCancelled: { given >= 5 })
        }
        #expect(error == .cancelled(tool: "sh"))
    }

    @Test func `a checksum is SHA-256, of bytes and of a file from where it stands`() throws {
        let checksum = try Checksum(searchPath: machinePath)
        let ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        let ofABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(try checksum.sha256(of: .bytes([])) == ofNothing)
        #expect(try checksum.sha256(of: .bytes(Array("abc".utf8))) == ofABC)
        try withScratch { directory in
            try Data("abc".utf8).write(to: URL(filePath: "\(directory)/in"))
            let file = try FileDescriptor.open("\(directory)/in", 0)
            #expect(try checksum.sha256(of: .descriptor(file)) == ofABC)
            #expect(try checksum.sha256(of: .descriptor(file)) == ofNothing)
            let unreadable = try FileDescriptor.open(directory, 0)
            guard case .failed? = error({ try checksum.sha256(of: .descriptor(unreadable)) }) else {
                Issue.record("a directory has no checksum")
                return
            }
        }
    }

    @Test func `a sha256sum that answers nonsense is not believed`() throws {
        try withScratch { directory in
            let path = "\(directory)/sha256sum"
            try Data("#!/bin/sh\necho hello\n".utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            let error = error { try Checksum(searchPath: directory).sha256(of: .nothing) }
            #expect(error == .unexpectedOutput(tool: "sha256sum", said: "hello\n"))
        }
    }

    @Test func `a descriptor is handed over as standard input`() throws {
        try withScratch { directory in
            try Data("from a file".utf8).write(to: URL(filePath: "\(directory)/in"))
            let file = try FileDescriptor.open("\(directory)/in", 0)
            #expect(try shell().run(["-c", "cat"], input: .descriptor(file)).stdoutText == "from a file")
        }
    }

    @Test func `without input standard input is at its end`() throws {
        #expect(try shell().run(["-c", "cat; echo ended"]).stdoutText == "ended\n")
        #expect(try shell().run(["-c", "cat; echo ended"], input: .bytes([])).stdoutText == "ended\n")
    }

    @Test func `a failure tells the exit, the last words and the arguments without secrets`() throws {
        let error = error {
            try shell().run(
                ["-c", "for i in 1 2 3 4 5 6 7 8; do echo line $i >&2; done; echo key=$1 >&2; exit 3", "sh", "s3cret"],
                secrets: ["s3cret", ""])
        }
        guard case .failed("sh", let arguments, .code(3), let lastLines)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(lastLines == ["line 4", "line 5", "line 6", "line 7", "line 8", "key=[hidden]"])
        #expect(arguments.last == "[hidden]")
        let words = error?.description ?? ""
        #expect(!words.contains("s3cret") && words.contains("exit 3"))
    }

    @Test func `the time limit ends the tool and what it started`() throws {
        try withScratch { directory in
            let started = SystemClock().monotonicSeconds
            let error = error {
                try shell().run(
                    ["-c", "sleep 300 & echo $! > \(directory)/pid; wait"], limits: ToolLimits(seconds: 0.5))
            }
            guard case .timedOut("sh", _, 0.5)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(SystemClock().monotonicSeconds - started < 10)
            try expectGone(pidIn: "\(directory)/pid")
        }
    }

    @Test func `a cancellation ends the tool and what it started`() throws {
        try withScratch { directory in
            // Cancelled as soon as the tool is known to be at work, not after a while.
            let error = error {
                try shell().run(
                    ["-c", "sleep 300 & echo $! > \(directory)/new && mv \(directory)/new \(directory)/pid; wait"],
                    isCancelled: { FileManager.default.fileExists(atPath: "\(directory)/pid") })
            }
            #expect(error == .cancelled(tool: "sh"))
            try expectGone(pidIn: "\(directory)/pid")
        }
    }

    @Test func `an orphan that holds the pipes open does not hold up the answer`() throws {
        try withScratch { directory in
            let started = SystemClock().monotonicSeconds
            let said = try shell().run(["-c", "setsid sleep 20 & echo $! > \(directory)/pid; echo answered"])
            #expect(said.stdoutText == "answered\n")
            #expect(SystemClock().monotonicSeconds - started < 10)
            let pid = try #require(Int32(try text("\(directory)/pid")))
            _ = try? shell().run(["-c", "kill -9 \(pid)"])
        }
    }

    @Test func `too much output is an error that names the limit`() throws {
        let error = error {
            try shell().run(["-c", "yes"], limits: ToolLimits(seconds: 30, stdoutBytesMax: 100_000))
        }
        #expect(error == .tooMuchOutput(tool: "sh", limitBytes: 100_000))
    }

    @Test func `many runs later no descriptor is left open`() throws {
        let sh = try shell()
        func openDescriptors() throws -> Int { try names(in: "/proc/self/fd").count }
        _ = try sh.run(["-c", "exit 0"])
        let before = try openDescriptors()
        for _ in 0..<60 { _ = try sh.run(["-c", "echo x"], input: .bytes([1, 2, 3])) }
        // Other tests run beside this one: a leak of even one descriptor a run would show as 60.
        #expect(try openDescriptors() < before + 40)
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try read(path), as: UTF8.self).filter { !$0.isNewline }
    }

    /// The killed orphan is init's to reap; a zombie counts as gone.
    private func expectGone(pidIn file: String) throws {
        let pid = try text(file)
        let deadline = SystemClock().monotonicSeconds + 10
        while SystemClock().monotonicSeconds < deadline {
            guard let stat = try? text("/proc/\(pid)/stat"), let state = stat.split(separator: " ").dropFirst(2).first,
                state != "Z"
            else { return }
            SystemClock().sleep(seconds: 0.01)
        }
        Issue.record("process \(pid) still runs")
    }
}
