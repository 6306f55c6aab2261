import Domain
import FoundationEssentials
import Platform
import TestSupport
import Testing

/// A stream key that only systemd and the station know.
@Suite(
    .serialized, .enabled(if: SystemdMachine.obstacle == nil, Comment(rawValue: SystemdMachine.obstacle ?? "")),
    .enabled(if: RTMPServer.isInstalled, Comment(rawValue: RTMPServer.needs)),
    .enabled(if: TestTool.hasFFmpeg, Comment(rawValue: TestTool.needsFFmpeg)))
struct CredentialTests {
    @Test("a key of LoadCredential= reaches the far end, and no command line, environment, log or status")
    func key() throws {
        let key = "k3y-\(UInt32.random(in: 100_000...999_999))"
        try withRTMPServer { server in
            let config = """
                [[destinations]]
                name = "far-end"
                url = "rtmp://127.0.0.1:\(server.port)/live"
                key_credential = "far-end"
                """
            let dropIn = "LoadCredential=far-end:/etc/lofisup/keys/far-end"
            try ServiceUnderTest.run(config: config, dropIn: dropIn, tracks: 3) { service in
                let machine = service.machine
                try Data(key.utf8).write(to: URL(filePath: machine.shared + "/key"))
                try machine.shell("install -D -m 600 '\(machine.shared)/key' /etc/lofisup/keys/far-end")
                try service.start()
                try server.waitForMedia(key: key, after: 0, withinSeconds: 60)

                let exposed = try machine.shell(
                    """
                    for pid in $(cat /sys/fs/cgroup/system.slice/lofisup.service/cgroup.procs); do
                        cat /proc/$pid/cmdline /proc/$pid/environ
                    done | tr '\\0' '\\n'
                    journalctl --no-pager --output json
                    systemctl status --no-pager --full lofisup
                    systemctl show lofisup
                    """)
                // The search would find what is there.
                #expect(exposed.contains("127.0.0.1:\(server.port)") && exposed.contains("CREDENTIALS_DIRECTORY="))
                #expect(!exposed.contains(key))
                let status = try service.status()
                #expect(!"\(status)".contains(key))
                // Its own user may read it, nobody else.
                let read = "cat /run/credentials/lofisup.service/far-end"
                #expect(
                    try machine.run("setpriv", "--reuid=nobody", "--clear-groups", "bash", "-c", read).exit != .code(0))
            }
        }
    }
}
