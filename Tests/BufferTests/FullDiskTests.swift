import Buffer
import Glibc
import Platform
import Testing

/// These run CrashWriter on a small file system of its own, which needs the right to mount one.
struct FullDiskTests {
    @Test func `a full disk leaves the buffer consistent, names the file and what is missing, and passes`() throws {
        let scratch = try Scratch()
        guard let lines = try CrashWriterProcess.onSmallDisk(bytes: 2 << 20, mode: "fill", scratch: scratch) else {
            print("SKIPPED: a private file system cannot be mounted here; run as root")
            return
        }
        #expect(lines.contains("waiting true"), "\(lines)")
        let mark = try #require(lines.first { $0.hasPrefix("mark ") }, "\(lines)")
        #expect(mark.contains("disk full") && mark.contains(".json lacks "), "\(mark)")
        #expect(lines.contains("reopened"), "what can be read can be played: \(lines)")
        let end = try #require(lines.first { $0.hasPrefix("committed ") }, "\(lines)")
        let figures = end.split(separator: " ").compactMap { Int($0) }
        #expect(figures.count == 3 && figures[0] >= 5 && figures[1] == figures[0] - 2 && figures[2] == 0, "\(lines)")
    }

    @Test func `a read-only directory gives a clear error`() throws {
        let scratch = try Scratch()
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
        let scratch = try Scratch()
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
