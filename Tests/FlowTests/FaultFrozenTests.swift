import Domain
import Foundation
import Glibc
import IPC
import Platform
import TestSupport
import Testing

/// Workers that stand still (SIGSTOP) and disks without room, under a station that somebody listens to.
@Suite(
    .serialized, .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct FaultFrozenTests {
    @Test("frozen workers are replaced and the reason is kept; only a frozen encoder is heard, for 14 s at most")
    func frozen() throws {
        try withTemporaryDirectory { root in
            let recordings = try FaultStation.run(root: root, seconds: 60) { fault in
                // Nobody hears the generator; it may take its time, and goes on where it was.
                let generator = try fault.station.signal("generator", SIGSTOP)
                let dashboard = try fault.station.signal("dashboard", SIGSTOP)
                let feeder = try fault.station.signal("feeder", SIGSTOP)
                try wait(fault, "feeder", not: feeder, withinSeconds: 11)
                try wait(fault, "dashboard", not: dashboard, withinSeconds: 12)
                try expectWatchdog(fault, "feeder")
                try expectWatchdog(fault, "dashboard")
                let worker = try fault.station.worker("generator")
                #expect(worker?.pid == Int(generator) && worker?.state == "running")
                kill(generator, SIGCONT)

                // The cushion that the feeder's absence cost is full again before the encoder goes.
                try fault.wait(untilElapsed: fault.elapsedSeconds + 3)
                let known = fault.connections
                #expect(known == 1, "nothing so far is heard")
                let encoder = try fault.station.signal("encoder", SIGSTOP)
                let frozenAt = fault.elapsedSeconds
                try fault.waitForMedia(after: known, withinSeconds: 20)
                let took = fault.elapsedSeconds - frozenAt
                print("media again \(took) s after the encoder was frozen")
                // Seven seconds of silence, and some more on a machine under pressure; then as after a kill.
                #expect(took <= 14)
                try wait(fault, "encoder", not: encoder, withinSeconds: 5)
                try expectWatchdog(fault, "encoder")
                let why = try Command(["ctl", "why", "encoder", "--root", root])
                print(why.output.split(separator: "\n").prefix(6).joined(separator: "\n"))
                #expect(why.output.contains("watchdog"), "\(why.output)")
                try fault.wait(untilElapsed: fault.elapsedSeconds + 4)
            }
            print(
                "milliseconds repeated: \(FaultStation.seams(recordings).map { $0 * 1000 / StationAudio.framesPerSecond })"
            )
            #expect(recordings.count == 2)
            FaultStation.check(recordings)
        }
    }

    @Test("a full disk under the state and the runtime directory is said, not heard, and mends itself")
    func fullDisk() throws {
        guard geteuid() == 0 else { return print("SKIPPED: a small file system cannot be mounted here; run as root") }
        try withTemporaryDirectory { root in
            guard mount("tmpfs", root, "tmpfs", 0, "size=128m") == 0 else {
                return print("SKIPPED: a small file system cannot be mounted here")
            }
            defer { umount2(root, Int32(MNT_DETACH)) }
            let recordings = try FaultStation.run(root: root, seconds: 40) { fault in
                let wantedAt = fault.elapsedSeconds
                let filler = root + "/filler"
                try fill(filler)
                // A worker that has to start meanwhile reads what it needs, and the events go on in memory.
                let feeder = try fault.station.signal("feeder", SIGKILL)
                try wait(fault, "feeder", not: feeder, withinSeconds: 10)
                try fault.station.waitForLog("No space left on device")
                try fault.wait(untilElapsed: wantedAt + 14)
                try fill(filler)
                #expect(try fault.station.status().onAir)
                unlink(filler)
                let freedAt = fault.elapsedSeconds
                let journal = root + "/state/events.jsonl"
                _ = try fault.station.signal("dashboard", SIGKILL)
                try eventually(within: 10, "the book of events is written again", pollSeconds: 0.1) {
                    try isWhole(journal, fault)
                }
                try fault.waitUntilAllRun(withinSeconds: 25)
                print("all is well \(fault.elapsedSeconds - freedAt) s after there was room")
                try fault.wait(untilElapsed: fault.elapsedSeconds + 3)
            }
            #expect(recordings.count == 1, "one connection from beginning to end")
            FaultStation.check(recordings)
            try FaultStation.checkBuffer(root: root)
        }
    }

    // MARK: - Facts

    private func wait(_ fault: FaultStation, _ name: String, not pid: Int32, withinSeconds seconds: Double) throws {
        try eventually(within: seconds, "\(name) is noticed and replaced", pollSeconds: 0.1) {
            let worker = try? fault.station.worker(name)
            return worker?.state == "running" && worker?.pid != Int(pid)
        }
    }

    private func expectWatchdog(_ fault: FaultStation, _ name: String) throws {
        let exit = try fault.lastExit(of: name)
        #expect(exit.cause == "watchdog", "\(name): \(exit)")
        #expect(exit.exit == "signal 9 (Killed)")
        #expect(!exit.stack.isEmpty, "what \(name) was doing is kept")
    }

    /// Takes all the room there is.
    private func fill(_ path: String) throws {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND)
        let block = [UInt8](repeating: 0, count: 1 << 12)
        do throws(SystemError) {
            while true { try file.write(all: block) }
        } catch {
            guard error.isDiskFull else { throw error }
        }
    }

    /// True when the file holds every event up to the newest, each once and in order.
    private func isWhole(_ journal: String, _ fault: FaultStation) throws -> Bool {
        let client = try ControlClient(path: fault.station.root + "/run/lofisup.sock")
        let newest = try client.feed(.events, FeedQuery(countMax: 1)).next
        let text = try String(contentsOfFile: journal, encoding: .utf8)
        let numbers = text.split(separator: "\n").map { line in
            (try? StationJSON.decode(FeedEntry.self, from: Data(line.utf8)))?.number
        }
        return numbers.last == newest && numbers == (1...newest).map { $0 }
    }
}
