import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Platform

struct LoadTests {
    @Test("the figures of a machine are read from its files")
    func fixture() throws {
        try withTemporaryDirectory { root in
            try write(root, "proc/stat", "cpu  100 10 50 800 40 5 5 10 30 2\ncpu0 1 1 1 1\nintr 5\n")
            try write(root, "proc/loadavg", "1.25 0.80 0.50 3/400 12345\n")
            try write(
                root, "proc/pressure/cpu", "some avg10=4.74 avg60=0.93 avg300=2.27 total=5171\nfull avg10=9 total=1\n")
            try write(root, "proc/meminfo", "MemTotal: 100 kB\nMemAvailable:   2048 kB\n")
            try write(root, "proc/vmstat", "oom_kill_disable 9\noom_kill 3\n")
            try write(root, "proc/self/cgroup", "1:cpu:/other\n0::/system.slice/lofisup.service\n")
            let group = "cgroup/system.slice/lofisup.service"
            try write(root, group + "/cgroup.controllers", "cpu memory\n")
            try write(root, group + "/cpu.stat", "usage_usec 9000\nuser_usec 1\nnr_throttled 4\nthrottled_usec 77\n")
            try write(root, group + "/cpu.pressure", "some avg10=31.00 avg60=0 avg300=0 total=99\n")
            let load = MachineLoad(procRoot: root + "/proc", cgroupRoot: root + "/cgroup")
            #expect(load.ticks == MachineLoad.Ticks(busy: 180, total: 1020))
            #expect(load.loadAverage == 1.25)
            #expect(load.cpuPressure == MachineLoad.Pressure(someAvg10: 4.74, someTotalMicroseconds: 5171))
            #expect(load.memoryAvailableBytes == 2_097_152)
            #expect(MachineLoad.oomKills(procRoot: root + "/proc", cgroupRoot: root + "/cgroup") == 3)
            #expect(load.group?.usageMicroseconds == 9000)
            #expect(load.group?.throttledMicroseconds == 77)
            #expect(load.group?.cpuPressure?.someAvg10 == 31)
            try write(root, group + "/memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 12\noom_group_kill 0\n")
            #expect(MachineLoad.oomKills(procRoot: root + "/proc", cgroupRoot: root + "/cgroup") == 12)
        }
    }

    @Test("how busy the machine was is told between two readings")
    func percent() throws {
        try withTemporaryDirectory { root in
            func reading(_ line: String) throws -> MachineLoad {
                try write(root, "stat", line)
                return MachineLoad(procRoot: root)
            }
            let first = try reading("cpu 100 0 0 900\n")
            let second = try reading("cpu 175 0 0 925\n")
            let stepped = try reading("cpu 170 0 0 1000\n")
            #expect(second.cpuPercent(since: first) == 75)
            #expect(first.cpuPercent(since: first) == nil)
            #expect(first.cpuPercent(since: second) == nil)
            #expect(stepped.cpuPercent(since: second) == 0)
            #expect(second.cpuPercent(since: MachineLoad(procRoot: root + "/nowhere")) == nil)
        }
    }

    @Test(
        "garbage in a file is no figure, and no harm",
        arguments: [
            "", "\n", "cpu ", "cpu  1 2 3", "cpu -1 2 3 4", "cpu 1 2 x 4", "some", "some avg10=nan total=1",
            "some avg10=1", "some avg10=-1 total=1", "0::", "0::/../../etc", "MemAvailable: -1 kB", "MemAvailable:",
            "MemAvailable: 9223372036854775807 kB", "cpu 18446744073709551615 18446744073709551615 1 1",
            "oom_kill", "oom_kill x", "\u{0}\u{0}", "inf 1 1", String(repeating: "9", count: 100_000),
        ])
    func garbage(text: String) throws {
        try withTemporaryDirectory { root in
            let names = [
                "stat", "loadavg", "pressure/cpu", "pressure/memory", "pressure/io", "meminfo", "vmstat", "self/cgroup",
            ]
            for name in names { try write(root, name, text) }
            let load = MachineLoad(procRoot: root, cgroupRoot: root)
            var nothing = MachineLoad(procRoot: root + "/nowhere", cgroupRoot: root)
            // A hundred thousand nines are a number, if a large one.
            nothing.loadAverage = text.hasPrefix("999") ? load.loadAverage : nil
            #expect(load == nothing)
        }
    }

    @Test("this machine can be read")
    func real() throws {
        let load = MachineLoad()
        let ticks = try #require(load.ticks)
        #expect(ticks.busy > 0 && ticks.busy <= ticks.total)
        #expect(load.loadAverage != nil)
        #expect((load.memoryAvailableBytes ?? 0) > 0)
        #expect(load.cpusAllowed >= 1 && load.cpusAllowed <= sysconf(Int32(_SC_NPROCESSORS_CONF)))
        #expect((load.cpuPressure != nil) == (access("/proc/pressure/cpu", R_OK) == 0))
    }

    @Test("a trigger that the kernel takes can be watched; one that it does not take says why")
    func trigger() throws {
        guard access("/proc/pressure/cpu", W_OK) == 0 else {
            #expect(throws: SystemError.self) { try PressureTrigger(stallMicroseconds: 150_000) }
            return
        }
        let trigger = try PressureTrigger(stallMicroseconds: 150_000)
        let readiness = try Readiness()
        try readiness.watch(trigger.descriptor, key: 1, for: .urgent)
        #expect(readiness.wait(seconds: 0).allSatisfy { $0.key == 1 && !$0.hungUp })
        #expect(throws: SystemError("arm a trigger on /proc/pressure/cpu", code: EINVAL)) {
            try PressureTrigger(stallMicroseconds: 3_000_000, windowSeconds: 2)
        }
        #expect(throws: SystemError("open /nowhere/cpu", code: ENOENT)) {
            try PressureTrigger(path: "/nowhere/cpu", stallMicroseconds: 150_000)
        }
    }

    @Test("processors that are all taken pull the trigger")
    func pulled() throws {
        guard access("/proc/pressure/cpu", W_OK) == 0 else { return }
        let trigger = try PressureTrigger(stallMicroseconds: 20_000)
        let readiness = try Readiness()
        try readiness.watch(trigger.descriptor, key: 1, for: .urgent)
        let burners = try (0..<2 * MachineLoad().cpusAllowed).map { _ in
            try ChildProcess(
                path: "/bin/sh", arguments: ["-c", "while :; do :; done"], environment: [:],
                descriptors: [nil, nil, nil])
        }
        defer {
            for burner in burners {
                burner.signal(SIGKILL)
                _ = burner.wait(timeoutSeconds: 10)
            }
        }
        let events = readiness.wait(seconds: 20)
        #expect(events == [Readiness.Event(key: 1, urgent: true)])
    }

    private func write(_ root: String, _ name: String, _ text: String) throws {
        let path = root + "/" + name
        try FileManager.default.createDirectory(atPath: Files.parent(of: path), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }
}
