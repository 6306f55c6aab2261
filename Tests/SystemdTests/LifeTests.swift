import Domain
import IPC
import Platform
import TestSupport
import Testing

/// Start, stop and the watchdog under a real systemd.
@Suite(
    .serialized, .enabled(if: SystemdMachine.obstacle == nil, Comment(rawValue: SystemdMachine.obstacle ?? "")),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct LifeTests {
    @Test("a start returns when every worker is ready, with a sentence for systemctl status; a stop leaves no process")
    func startAndStop() throws {
        try ServiceUnderTest.run(tracks: 3) { service in
            let machine = service.machine
            try service.start()
            let workers = try service.status().workers
            #expect(try machine.property("ActiveState") == "active")
            #expect(workers.map(\.name) == ["feeder", "encoder"])
            #expect(workers.allSatisfy { $0.state == "running" }, "\(workers)")
            #expect(try machine.property("User") == "lofisup")

            try service.waitUntilOnAir()
            try eventually(within: 10, "systemctl status has the station's sentence") {
                try machine.property("StatusText").hasPrefix("on air: Numbered 1")
            }
            #expect(try service.pids("ffmpeg").isEmpty == false)
            try machine.shell("systemctl stop lofisup", timeoutSeconds: 100)
            #expect(try machine.property("ActiveState") == "inactive")
            #expect(try machine.property("Result") == "success")
            #expect(try service.processes() == [])
            #expect(try machine.shell("pgrep --list-full 'lofisup|ffmpeg' || true") == "")
            #expect(try machine.shell("ls -d /run/lofisup 2>/dev/null || true") == "")
        }
    }

    @Test("a station that `lofisup ctl shutdown` takes down stays down")
    func shutDown() throws {
        try ServiceUnderTest.run(tracks: 3) { service in
            let machine = service.machine
            try service.start()
            _ = try ControlClient(path: machine.outside("/run/lofisup/lofisup.sock")).shutdown()
            try eventually(within: 30, "the unit is inactive") { try machine.property("ActiveState") == "inactive" }
            #expect(try machine.property("Result") == "success")
            #expect(try machine.property("NRestarts") == "0")
            #expect(try service.processes() == [])
        }
    }

    @Test("a supervisor that stands still is killed by the watchdog, and the station is back")
    func frozen() throws {
        try ServiceUnderTest.run(dropIn: "WatchdogSec=3", tracks: 6) { service in
            let machine = service.machine
            try service.start()
            try service.waitUntilOnAir()
            let first = try machine.property("MainPID")
            let clock = SystemClock()
            let frozenAt = clock.monotonicSeconds
            try machine.shell("kill -STOP \(first)")
            try eventually(within: 30, "systemd starts another supervisor", pollSeconds: 0.1) {
                let now = try machine.property("MainPID")
                return now != first && now != "0"
            }
            try eventually(within: 60, "the unit is active again", pollSeconds: 0.1) {
                try machine.property("ActiveState") == "active"
            }
            try service.waitUntilOnAir()
            print("back on the air \(clock.monotonicSeconds - frozenAt) s after it froze, with a watchdog of 3 s")
            #expect(try machine.journal().contains("Watchdog timeout"))
            #expect(try machine.property("NRestarts") == "1")
            #expect(try service.pids("lofisup run").count == 1)
            #expect(try service.pids("worker encoder").count == 1)
            #expect(try service.pids("worker feeder").count == 1)
        }
    }
}
