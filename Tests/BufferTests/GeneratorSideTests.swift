import Buffer
import Domain
import Foundation
import Glibc
import Platform
import Testing

struct GeneratorSideTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func `a slot held by one generator is skipped by the next`() throws {
        let one = try scratch.open()
        let other = try scratch.open()
        let held = try one.reserve()
        #expect(held.number == 1)
        #expect(try other.reserve().number == 2)
        #expect(held.isOpen)
    }

    @Test func `an abandoned slot is the next one given`() throws {
        let buffer = try scratch.open()
        let first = try buffer.reserve()
        let second = try buffer.reserve()
        try buffer.abandon(first)
        let again = try buffer.reserve()
        #expect(again.number == 1 && again.promptIndex == 0 && again.positionInPrompt == 0)
        #expect(second.number == 2)
        #expect(again.stagedFile != first.stagedFile)
        #expect(throws: BufferError.reservationSpent(number: 1)) { try buffer.fill(first) }
    }

    @Test func `the slot of a generator killed by signal 9 is given again and what it staged is removed`() throws {
        let buffer = try scratch.open()
        let log = scratch.root + "/log"
        let child = try CrashWriterProcess.start([scratch.root, "hold", log])
        defer { CrashWriterProcess.end([child]) }
        let deadline = SystemClock().monotonicSeconds + 20
        while try (Files.stamp(log)?.bytes ?? 0) == 0, SystemClock().monotonicSeconds < deadline {
            SystemClock().sleep(seconds: 0.001)
        }
        let other = try buffer.reserve()
        #expect(other.number == 2, "the owner of slot 1 lives")
        #expect(try buffer.reconcile().repairs.isEmpty, "a live writer's file is never touched")
        #expect(try Files.names(in: scratch.buffer + "/staging").count == 1)
        child.signal(SIGKILL)
        #expect(child.wait(timeoutSeconds: 10) == .signal(SIGKILL))
        #expect(try buffer.reconcile().repairs == [.stagedRemoved(file: "slot_1_r1.wav")])
        #expect(try buffer.reserve().number == 1)
    }

    @Test func `whole directories that a dead generator staged are removed, and opening never fails for them`() throws {
        _ = try scratch.open()
        let left = scratch.buffer + "/staging/slot_1_r1.wav.d"
        try FileManager.default.createDirectory(atPath: left + "/deep", withIntermediateDirectories: true)
        try Data("half a track".utf8).write(to: URL(filePath: left + "/deep/track.wav"))
        let again = try scratch.open()
        #expect(again.openingReport.repairs == [.stagedRemoved(file: "slot_1_r1.wav.d")])
        #expect(try Files.names(in: scratch.buffer + "/staging").isEmpty)
    }

    @Test func `a track committed after the feeder passed its slot becomes evergreen`() throws {
        let buffer = try scratch.open()
        let slow = try buffer.reserve()
        try buffer.fill(buffer.reserve())
        #expect(try buffer.take()?.number == 2)
        #expect(try buffer.fill(slow) == .evergreen(file: "chunk_001_prompt_0_0s.wav"))
        #expect(try buffer.numbers() == [2])
        #expect(try buffer.evergreenSize().tracks == 1)
        let pick = try #require(try buffer.nextEvergreen(allowingRepeat: false))
        #expect(pick.track.title == "Track 1")
        #expect(try WAVReader(path: pick.track.path, format: .station).frames == 441)
    }

    @Test func `without an evergreen library a late track is deleted and that is said`() throws {
        let buffer = try scratch.open(.make(evergreenBytesMax: 0))
        let slow = try buffer.reserve()
        try buffer.fill(buffer.reserve())
        try buffer.markConsumed(through: 2, airedAtWallSeconds: 0)
        #expect(try buffer.fill(slow) == .deleted)
    }

    @Test func `a wav that holds another number of frames is not taken and may be made again`() throws {
        let buffer = try scratch.open()
        let slot = try buffer.reserve()
        try writeTrack(slot.stagedFile, frames: 440)
        #expect(throws: BufferError.framesDiffer(file: slot.stagedFile, said: 441, found: 440)) {
            try buffer.commit(slot, frames: 441, title: "", provenance: .make())
        }
        try buffer.fill(slot)
        #expect(try buffer.numbers() == [1])
    }

    @Test func `a wav that was never closed is not taken`() throws {
        let buffer = try scratch.open()
        let slot = try buffer.reserve()
        let wav = try WAVWriter(path: slot.stagedFile, format: .station)
        try wav.append([1, 2, 3, 4])
        #expect(throws: BufferError.unplayable(.neverClosed(path: slot.stagedFile))) {
            try buffer.commit(slot, frames: 2, title: "", provenance: .make())
        }
    }

    @Test func `what JSON cannot hold is left out of the provenance`() throws {
        let buffer = try scratch.open()
        let slot = try buffer.reserve()
        try writeTrack(slot.stagedFile, frames: 441)
        var provenance = Provenance.make()
        provenance.loudnessLufs = -.infinity
        try buffer.commit(slot, frames: 441, title: "Silence", provenance: provenance)
        let track = try #require(try buffer.next())
        #expect(track.provenance?.loudnessLufs == nil)
        #expect(track.title == "Silence" && track.provenance?.seed == 7)
    }

    @Test func `refused files are kept with their reasons, counted, and the oldest go`() throws {
        let buffer = try scratch.open(.make(refusedKept: 3))
        for number in 1...5 {
            let slot = try buffer.reserve()
            try writeTrack(slot.stagedFile, frames: 441)
            try buffer.refuse(slot.stagedFile, reason: "clipping \(number)")
            try buffer.abandon(slot)
        }
        let kept = try Files.names(in: scratch.buffer + "/refused")
        #expect(kept.count == 6)
        #expect(try buffer.refusedCount() == 5)
        let reason = try scratch.read(scratch.buffer + "/refused/refused_000005.reason.txt")
        #expect(String(decoding: reason, as: UTF8.self).contains("clipping 5"))
        #expect(try buffer.summary().notice?.contains("clipping 5") == true)
        #expect(try buffer.numbers() == [])
    }

    @Test func `a refusal leaves the reservation open for another try`() throws {
        let buffer = try scratch.open()
        let slot = try buffer.reserve()
        try writeTrack(slot.stagedFile, frames: 441)
        try buffer.refuse(slot.stagedFile, reason: "silence")
        try buffer.fill(slot)
        #expect(try buffer.numbers() == [1])
    }

    @Test func `no slot is given that would break the disk reserve`() throws {
        let buffer = try scratch.open(.make(diskReserveBytes: 1 << 60))
        var told: BufferError?
        do { _ = try buffer.reserve() } catch { told = error }
        guard case .waitingForDiskSpace(let free, let needed) = told else {
            Issue.record("\(String(describing: told)) is not about disk space")
            return
        }
        #expect(free > 0 && needed == 1 << 60 + buffer.rules.trackBytes)
        #expect(try buffer.summary().notice?.hasPrefix("waiting for disk space") == true)
    }
}
