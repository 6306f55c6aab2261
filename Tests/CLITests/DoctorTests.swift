import Config
import Domain
import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

@testable import CLI

struct DoctorTests {
    @Test("systemd: without the unit, started by hand, or as it should be")
    func systemd() {
        let version = "systemd 252 (252.39-1~deb12u1)\n+PAM +AUDIT"
        let good = """
            LoadState=loaded
            ActiveState=active
            KillMode=process
            WatchdogUSec=30s
            FileDescriptorStoreMax=32
            NFileDescriptorStore=3
            ProcSubset=all
            """
        func judged(_ properties: String, _ isUnder: Bool? = true) -> [Finding] {
            ServiceChecks.judge(version: version, properties: properties, isUnderUnit: isUnder)
        }
        #expect(judged(good).allSatisfy { $0.state == .ok })
        #expect(judged(good).first?.says == "systemd 252, lofisup.service is active")
        #expect(judged("LoadState=not-found").map(\.state) == [.degraded])
        #expect(judged(good, false).first?.state == .degraded)
        #expect(judged(good, nil).first?.state == .ok)
        for (from, to) in [
            ("WatchdogUSec=30s", "WatchdogUSec=0"), ("Max=32", "Max=0"), ("=process", "=mixed"),
            ("Subset=all", "Subset=pid"),
        ] {
            #expect(judged(good.replacing(from, with: to)).count { $0.state == .degraded } == 1, "\(to)")
        }
    }

    @Test("a cgroup is the station's own, can be killed as a whole, or is missed")
    func cgroup() {
        func state(_ membership: String, unified: Bool = true, canKill: Bool = true) -> Finding.State {
            MachineChecks.cgroup(membership: membership, hasUnified: unified) { _ in canKill }.state
        }
        #expect(state("0::/system.slice/lofisup.service\n") == .ok)
        #expect(state("0::/\n") == .degraded)
        #expect(state("0::/a\n", canKill: false) == .degraded)
        #expect(state("0::/a\n", unified: false) == .degraded)
        #expect(state("4:memory:/a\n") == .degraded)
    }

    @Test("niceness comes down again with a limit or with the right to it")
    func niceness() {
        let limits = "Limit                     Soft Limit  Hard Limit  Units\nMax nice priority         %         %\n"
        func may(_ limit: String, _ rights: String) -> Bool {
            MachineChecks.mayLowerNiceness(
                limits: limits.replacing("%", with: limit), status: "Name:\tlofisup\nCapEff:\t\(rights)\n")
        }
        #expect(!may("0", "0000000000000000"))
        #expect(may("20", "0000000000000000"))
        #expect(may("unlimited", "0000000000000000"))
        #expect(may("0", "0000000000800000"))
        #expect(!MachineChecks.mayLowerNiceness(limits: "", status: ""))
    }

    @Test("memory, disk and ffmpeg are judged by what the station needs")
    func needs() {
        #expect(MachineChecks.memory("MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\n").state == .ok)
        #expect(MachineChecks.memory("MemTotal: 8000000 kB\nMemAvailable: 100000 kB\n").state == .degraded)
        #expect(MachineChecks.memory("").state == .degraded)
        func disk(_ megabytes: Double, sync: Double = 0.01) -> Finding.State {
            FileChecks.speed(DiskSpeed(bytesPerSecond: megabytes * 1e6, syncSeconds: sync), path: "/").state
        }
        #expect([disk(80), disk(3), disk(0.2), disk(80, sync: 2)] == [.ok, .degraded, .broken, .degraded])
        func space(_ megabytes: Int) -> Finding.State {
            FileChecks.space(free: megabytes * 1_000_000, path: "/", reserve: ByteCount(bytes: 2_000_000_000)).state
        }
        #expect([space(9000), space(1500), space(50)] == [.ok, .degraded, .broken])
        let list = "Input:\n  rtmps\n  tls\nOutput:\n  file\n  rtmp\n"
        #expect(FFmpegChecks.secure(protocols: list, isNeeded: false).state == .degraded)
        #expect(FFmpegChecks.secure(protocols: list, isNeeded: true).state == .broken)
        #expect(FFmpegChecks.secure(protocols: list + "  rtmps\n  tls\n", isNeeded: true).state == .ok)
        #expect(FFmpegChecks.version("ffmpeg version 5.1.9-0+deb12u1 Copyright") == "ffmpeg 5.1.9-0+deb12u1")
    }

    @Test("a running station is judged by its workers, its destinations and its version")
    func station() {
        let findings = StationChecks.judge(.make(), version: "0.3.0")
        #expect(findings.allSatisfy { $0.state == .degraded })
        #expect(
            findings.map(\.says) == [
                "generator/2 is quarantined (signal 11 (Segmentation fault))",
                "backup is waiting: connection refused",
                "version 0.2.0 runs, and this is 0.3.0",
                "encoder runs 0.1.0, this is 0.2.0: `lofisup ctl restart encoder` when convenient",
            ])
        let well = StationStatus(version: "1", mode: .full, uptimeSeconds: 1, onAir: true, sentence: "on air")
        #expect(StationChecks.judge(well, version: "1") == [.ok("station", "on air")])
    }

    @Test("the probes of this machine answer in time and leave nothing behind")
    func probes() throws {
        try withTemporaryDirectory { directory in
            let speed = try DiskSpeed.measure(in: directory, bytes: 2 << 20, secondsMax: 0.5)
            #expect(speed.bytesPerSecond > 0)
            #expect(try Files.names(in: directory) == [])
            #expect(throws: SystemError.self) { try DiskSpeed.measure(in: directory + "/none") }
        }
        let features = KernelFeatures()
        #expect(features.release.first?.isNumber == true)
        #expect(features.pidfd)
        let before = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        #expect(NicenessProbe.canBeLowered() || geteuid() != 0)
        #expect(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) == before)
        let port = try Loopback.freePort()
        #expect(TCPPort.trouble(host: "127.0.0.1", port: port) == nil)
        #expect(TCPPort.trouble(host: "not an address", port: port) != nil)
    }

    @Test("a broken installation ends with 1 and says what to do; a good one with 0")
    func command() throws {
        try withTemporaryDirectory { root in
            try FileManager.default.createDirectory(atPath: root + "/config", withIntermediateDirectories: true)
            try Data("[dashboard]\nport = 0\n".utf8).write(to: URL(filePath: root + "/config/lofisup.toml"))
            let good = try Command(["doctor", "--root", root])
            print(good.output)
            #expect(good.exit == .code(0), "\(good.output)")
            #expect(good.output.contains("config    \(root)/config/lofisup.toml is good"))
            #expect(!FileManager.default.fileExists(atPath: root + "/state"))

            try FileManager.default.createDirectory(atPath: root + "/state", withIntermediateDirectories: true)
            _ = chmod(root + "/state", 0o777)
            try Data("secret".utf8).write(to: URL(filePath: root + "/key"))
            _ = chmod(root + "/key", 0o644)
            try Data(
                "[dashboard]\nport = 0\n[[destinations]]\nname = \"a\"\nurl = \"rtmp://127.0.0.1/x\"\nkey_file = \"\(root)/key\"\n"
                    .utf8
            ).write(to: URL(filePath: root + "/config/lofisup.toml"))
            let bad = try Command(["doctor", "--root", root, "--json"])
            #expect(bad.exit == .code(1))
            let told = try JSONDecoder().decode(Told.self, from: Data(bad.output.utf8))
            #expect(told.state == "broken")
            let broken = told.findings.filter { $0.state == "broken" }
            #expect(broken.map(\.check) == ["state", "key"])
            #expect(broken.first?.advice == "chmod 0750 '\(root)/state'")
            #expect(told.findings.allSatisfy { $0.state == "ok" || $0.advice?.isEmpty == false })
            #expect(try Files.names(in: root + "/state") == [])
        }
    }

    private struct Told: Decodable {
        struct One: Decodable {
            var check: String
            var state: String
            var advice: String?
        }
        var state: String
        var findings: [One]
    }
}
