internal import Foundation
internal import Glibc
internal import Platform

/// What the station needs of the kernel.
struct MachineChecks {
    /// Of the running station, where there is one.
    let supervisorPID: Int32?

    func kernel() -> Finding {
        let features = KernelFeatures()
        guard features.pidfd else {
            return .broken(
                "kernel", "Linux \(features.release) does not hold processes by descriptor",
                do: "the station needs Linux 5.4 or newer")
        }
        guard features.groupSignal else {
            return .degraded(
                "kernel", "Linux \(features.release) does not signal a process group by descriptor",
                do: "what a dead worker leaves behind is looked for by number instead; Linux 6.9 or newer is surer")
        }
        return .ok("kernel", "Linux \(features.release) holds, waits for and signals process groups by descriptor")
    }

    func processes() -> Finding {
        let hidden = ["/proc/stat", "/proc/loadavg", "/proc/meminfo", "/proc/self/stat"].filter {
            Self.text($0) == nil
        }
        if hidden.isEmpty { return .ok("proc", "/proc shows the load of the machine") }
        return .degraded(
            "proc", "cannot read \(hidden.joined(separator: ", "))",
            do: "generators cannot be held back when the machine is busy; set ProcSubset=all in the unit")
    }

    func pressure() -> Finding {
        do throws(SystemError) {
            _ = try PressureTrigger(stallMicroseconds: 150_000)
            return .ok("pressure", "the kernel tells of CPU pressure (PSI) as soon as there is some")
        } catch {
            let advice =
                error.code == ENOENT || error.code == EOPNOTSUPP
                ? "the load average is used instead; boot with psi=1 for the better figure"
                : "the load is looked at once a second instead; PSI triggers need Linux 6.5, or root"
            return .degraded("pressure", error.description, do: advice)
        }
    }

    func cgroup() -> Finding {
        let whose = supervisorPID.map { String($0) } ?? "self"
        let text = Self.text("/proc/\(whose)/cgroup") ?? ""
        return Self.cgroup(
            membership: text, hasUnified: FileAccess("/sys/fs/cgroup/cgroup.controllers") != nil,
            canKill: { FileAccess("/sys/fs/cgroup\($0)/cgroup.kill") != nil })
    }

    /// - Parameters:
    ///   - membership: of /proc/PID/cgroup.
    ///   - canKill: whether the cgroup at a path can be killed at once (Linux 5.14).
    static func cgroup(membership: String, hasUnified: Bool, canKill: (String) -> Bool) -> Finding {
        let line = membership.split(separator: "\n").first { $0.hasPrefix("0::") }
        guard hasUnified, let own = line.map({ String($0.dropFirst(3)) }) else {
            return .degraded(
                "cgroup", "no cgroup v2 here",
                do: "the load of the whole machine is used; boot with systemd.unified_cgroup_hierarchy=1 for its own")
        }
        guard own != "/" else {
            return .degraded(
                "cgroup", "it has no cgroup of its own", do: "run it under systemd, which makes one for the unit")
        }
        guard canKill(own) else {
            return .degraded(
                "cgroup", "cgroup v2, in \(own), which cannot be killed as a whole",
                do: "process groups are used instead; Linux 5.14 or newer has cgroup.kill")
        }
        return .ok("cgroup", "cgroup v2, in \(own)")
    }

    func niceness() -> Finding {
        let can: Bool
        if let supervisorPID, let limits = Self.text("/proc/\(supervisorPID)/limits"),
            let status = Self.text("/proc/\(supervisorPID)/status")
        {
            can = Self.mayLowerNiceness(limits: limits, status: status)
        } else {
            can = NicenessProbe.canBeLowered()
        }
        if can { return .ok("niceness", "the niceness of a generator can be raised and lowered again") }
        return .degraded(
            "niceness", "niceness can be raised and not lowered again (RLIMIT_NICE)",
            do: "a generator that was held back stays so until it is started again; set LimitNICE=+0 in the unit")
    }

    /// Reads /proc/PID/limits and /proc/PID/status: whether niceness 0 may be taken up again.
    static func mayLowerNiceness(limits: String, status: String) -> Bool {
        let line = limits.split(separator: "\n").first { $0.hasPrefix("Max nice priority") }
        let soft = line?.split(separator: " ").dropFirst(3).first
        if soft == "unlimited" || soft.flatMap({ Int($0) }) ?? 0 >= 20 { return true }
        let rights = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }?.split(separator: "\t").last
        let sysNice = UInt64(1) << 23
        return (rights.flatMap { UInt64($0, radix: 16) } ?? 0) & sysNice != 0
    }

    func clock() -> Finding {
        switch ClockDiscipline.now() {
        case .kept(let error):
            .ok("clock", "kept right from outside, to within \(String(format: "%.0f", error * 1000)) ms")
        case .free:
            .degraded(
                "clock", "nothing keeps the clock right",
                do: "times in logs drift; apt install systemd-timesyncd, or chrony")
        case .unknown(let error):
            .degraded("clock", "not known whether it is kept right (\(error))", do: "see `timedatectl`")
        }
    }

    func memory() -> Finding { Self.memory(Self.text("/proc/meminfo") ?? "") }

    /// Reads /proc/meminfo.
    static func memory(_ text: String) -> Finding {
        func megabytes(_ key: String) -> Int? {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
            return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 / 1_000_000 }
        }
        guard let total = megabytes("MemTotal"), let available = megabytes("MemAvailable") else {
            return .degraded("memory", "not known: /proc/meminfo does not say", do: "see `free -m`")
        }
        if available < availableMegabytesMin {
            return .degraded(
                "memory", "\(available) MB of \(total) MB are available",
                do: "the station takes about \(availableMegabytesMin) MB; end something else, or add memory")
        }
        return .ok("memory", "\(available) MB of \(total) MB are available")
    }

    /// All workers of a station at 720p with one generator, with some room.
    private static let availableMegabytesMin = 500

    static func text(_ path: String) -> String? {
        guard let bytes = try? Files.read(path, bytesMax: 1 << 20) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
