import Domain
import Platform
import TestSupport
import Testing

/// `systemctl reload` and the journal.
@Suite(
    .serialized, .enabled(if: SystemdMachine.obstacle == nil, Comment(rawValue: SystemdMachine.obstacle ?? "")),
    .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct ReloadTests {
    @Test("a reload adds a destination and the first one hears no gap; a wrong file changes nothing and is said")
    func reloaded() throws {
        try withRTMPServer { server in
            func destination(_ name: String) -> String {
                "[[destinations]]\nname = \"\(name)\"\nurl = \"\(server.url(key: name))\"\n"
            }
            try ServiceUnderTest.run(config: destination("first"), tracks: 8) { service in
                let machine = service.machine
                let sections = NumberedBuffer(root: machine.shared).sections + "\n"
                try service.start()
                try server.waitForMedia(key: "first", after: 0, withinSeconds: 60)
                try service.waitForCushion()
                let supervisor = try machine.property("MainPID")
                let encoder = try service.pids("worker encoder")

                try service.configure(sections + destination("first") + "[no_such_section]\n")
                try machine.shell("systemctl reload lofisup")
                try eventually(within: 20, "the journal names what is wrong", pollSeconds: 0.1) {
                    try machine.journal().contains("no_such_section")
                }
                try eventually(within: 10, "the first destination is sent to", pollSeconds: 0.1) {
                    try service.status().destinations.contains { $0.name == "first" && $0.state == "sending" }
                }

                try service.configure(sections + destination("first") + destination("second"))
                try machine.shell("systemctl reload lofisup")
                try server.waitForMedia(key: "second", after: 0, withinSeconds: 60)
                try service.waitForCushion()
                // What was fed meanwhile waits in the cushion: only when that has been played through is it proved.
                let clock = SystemClock()
                let reloadedAt = clock.monotonicSeconds
                try eventually(within: 60, "the cushion has been played through", pollSeconds: 0.2) {
                    clock.monotonicSeconds - reloadedAt >= 15
                }
                #expect(try machine.property("MainPID") == supervisor)
                #expect(try service.pids("worker encoder") == encoder)
                #expect(try machine.property("NRestarts") == "0")
                try machine.shell("systemctl stop lofisup", timeoutSeconds: 100)

                let recordings = try Recording.all(server, key: "first", scratch: machine.shared)
                #expect(recordings.count == 1)
                let report = try #require(recordings.first).report
                #expect(report.isUnbroken, "\(report)")
                let added = try Recording.all(server, key: "second", scratch: machine.shared)
                let addedReport = try #require(added.first).report
                #expect(addedReport.isUnbroken, "\(addedReport)")
            }
        }
    }

    @Test("the journal says of each line which worker it is about, in fields")
    func fields() throws {
        try ServiceUnderTest.run(tracks: 3) { service in
            let machine = service.machine
            try service.start()
            try service.waitUntilOnAir()
            try machine.shell("kill -KILL \(try #require(service.pids("worker feeder").first))")
            try eventually(within: 20, "the feeder's end is an event of the feeder in the journal", pollSeconds: 0.2) {
                let ends = try machine.shell(
                    "journalctl --no-pager --output json --unit lofisup LOFISUP_WORKER=feeder LOFISUP_GENERATION=1")
                return ends.split(separator: "\n").contains {
                    $0.contains("\"LOFISUP_EVENT\"") && $0.contains("signal 9")
                }
            }
            let systemd = try machine.shell(
                "journalctl --no-pager --output cat --unit lofisup LOFISUP_WORKER=encoder | grep -c 'feeder' || true")
            #expect(systemd == "0", "a line about the feeder is filed under the encoder")
        }
    }
}
