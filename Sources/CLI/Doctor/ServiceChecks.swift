internal import Foundation
internal import Platform

/// What the station needs of systemd.
struct ServiceChecks {
    let patient: Patient
    static let unit = "lofisup.service"
    private static let properties = [
        "LoadState", "ActiveState", "Type", "KillMode", "WatchdogUSec", "FileDescriptorStoreMax",
        "NFileDescriptorStore", "ProcSubset",
    ]

    func findings() -> [Finding] {
        guard FileAccess("/run/systemd/system") != nil else {
            return [
                .degraded(
                    "systemd", "systemd does not run this machine",
                    do: "nothing starts the station again when its supervisor dies; fine for a trial")
            ]
        }
        let limits = ToolLimits(seconds: 5)
        do throws(ToolError) {
            let tool = try Tool("systemctl", searchPath: patient.environment["PATH"] ?? "", package: "systemd")
            let version = try tool.run(["--version"], limits: limits).stdoutText
            let names = Self.properties.joined(separator: ",")
            let shown = try tool.run(["show", Self.unit, "--property=\(names)"], limits: limits).stdoutText
            let isUnder = patient.supervisorPID.map { pid in
                (MachineChecks.text("/proc/\(pid)/cgroup") ?? "").contains("/" + Self.unit)
            }
            return Self.judge(version: version, properties: shown, isUnderUnit: isUnder)
        } catch {
            return [.degraded("systemd", "cannot be asked: \(error)", do: "see `systemctl status lofisup`")]
        }
    }

    /// - Parameters:
    ///   - version: what `systemctl --version` prints.
    ///   - properties: what `systemctl show` prints.
    ///   - isUnderUnit: whether the running station is the unit's; nil when none runs.
    static func judge(version: String, properties: String, isUnderUnit: Bool?) -> [Finding] {
        var values: [String: String] = [:]
        for line in properties.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
        }
        let number = version.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) }
        let name = number.map { "systemd \($0)" } ?? "systemd of unknown version"
        guard values["LoadState"] == "loaded" else {
            return [
                .degraded(
                    "systemd", "\(name) has no unit \(unit)",
                    do: "install it with script/install, so that the station survives its supervisor and the machine")
            ]
        }
        var findings: [Finding] = []
        if isUnderUnit == false {
            findings.append(
                .degraded(
                    "systemd", "\(name) has \(unit), and the station that runs is not started by it",
                    do: "lofisup ctl shutdown && systemctl start lofisup"))
        } else {
            findings.append(.ok("systemd", "\(name), \(unit) is \(values["ActiveState"] ?? "installed")"))
        }
        findings.append(watchdog(values))
        findings.append(store(values))
        if values["ProcSubset"] == "pid" {
            findings.append(
                .degraded(
                    "unit", "ProcSubset=pid hides the machine's load from the station", do: "set ProcSubset=all"))
        }
        return findings
    }

    private static func watchdog(_ values: [String: String]) -> Finding {
        let time = values["WatchdogUSec"] ?? "0"
        if ["0", "", "infinity"].contains(time) {
            return .degraded(
                "watchdog", "\(unit) has no watchdog",
                do: "a supervisor that stands still is not noticed; set WatchdogSec=30")
        }
        return .ok("watchdog", "a supervisor that stands still for \(time) is replaced")
    }

    private static func store(_ values: [String: String]) -> Finding {
        let room = values["FileDescriptorStoreMax"].flatMap { Int($0) } ?? 0
        guard room > 0, values["KillMode"] == "process" else {
            return .degraded(
                "fd-store", "a restart of the supervisor ends the encoder too, and with it the stream",
                do: "set FileDescriptorStoreMax=32 and KillMode=process in \(unit)")
        }
        let held = values["NFileDescriptorStore"].flatMap { Int($0) } ?? 0
        return .ok("fd-store", "the encoder outlives its supervisor (\(held) of \(room) descriptors are kept)")
    }
}
