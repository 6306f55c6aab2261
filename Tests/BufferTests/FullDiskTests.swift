import Buffer
import Glibc
import Platform
import Testing

/// These run CrashWriter on a small file system of its own, which needs the right to mount one.
struct FullDiskTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func `a full disk leaves the buffer consistent, names the file and what is missing, and passes`() throws {
        guard let lines = try CrashWriterProcess.onSmallDisk(bytes: 8 << 20, mode: "fill", scratch: scratch) else {
            print("SKIPPED: a private file system cannot be mounted here; run as root")
            return
        }
        #expect(lines.contains("waiting true"), "\(lines)")
        func answer(_ name: String) -> String { lines.first { $0.hasPrefix(name + ": ") } ?? "" }
        #expect(answer("wav").contains("disk full: ") && answer("wav").contains("lacks "), "\(lines)")
        #expect(answer("commit").contains("buffer_metadata.json lacks "), "\(lines)")
        #expect(answer("mark") == "mark: worked", "replacing a version gives up the one before: \(lines)")
        #expect(answer("reopen") == "reopen: worked", "what can be read can be played: \(lines)")
        #expect(answer("recovery") == "recovery: worked", "\(lines)")
        let end = try #require(lines.first { $0.hasPrefix("committed ") }, "\(lines)")
        let figures = end.split(separator: " ").compactMap { Int($0) }
        try #require(figures.count == 3)
        #expect(figures[0] > 20 && figures[1] == figures[0] - 2 && figures[2] == 0, "\(lines)")
    }

    @Test func `a read-only directory gives a clear error`() throws {
        let answer = try CrashWriterProcess.onSmallDisk(
            bytes: 2 << 20, readOnly: true, mode: "open", scratch: scratch)
        guard let answer else {
            print("SKIPPED: a private file system cannot be mounted here; run as root")
            return
        }
        let disk = scratch.root + "/disk"
        #expect(answer == ["failed: \(disk)/audio_buffer/buffer.lock: cannot be written: Read-only file system"])
    }

    @Test func `a write over the process's file size limit leaves the buffer as it was`() throws {
        let (lines, exit) = try CrashWriterProcess.lines(
            [scratch.root, "rlimit"], output: scratch.root + "/output")
        #expect(exit == .code(0), "\(lines)")
        #expect(lines.last == "ready 1 staged true", "\(lines)")
        let error = try #require(lines.first, "\(lines)")
        #expect(error.contains("buffer_metadata.json: over the file size"), "\(lines)")
        let buffer = try scratch.open()
        #expect(try buffer.numbers() == [1])
        #expect(buffer.openingReport.repairs == [.stagedRemoved(file: "slot_2_r2.wav")])
    }
}
