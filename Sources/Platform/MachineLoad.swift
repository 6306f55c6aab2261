internal import CPlatform
internal import Glibc

/// One reading of how busy the machine is, and our own cgroup where there is one. What cannot be read, or does not
/// read as it should, is nil.
public struct MachineLoad: Sendable, Equatable {
    /// Clock ticks of all processors together since boot.
    public struct Ticks: Sendable, Equatable {
        public var busy: UInt64
        public var total: UInt64
    }

    /// Pressure stall information: how much some task waited for the resource.
    public struct Pressure: Sendable, Equatable {
        /// Percent of the last ten seconds.
        public var someAvg10: Double
        /// Microseconds since boot, or since the cgroup was made.
        public var someTotalMicroseconds: UInt64
    }

    /// What the cgroup of this process (v2) has used.
    public struct Group: Sendable, Equatable {
        public var cpuPressure: Pressure?
        /// Of all its processes since it was made.
        public var usageMicroseconds: UInt64?
        /// How long its quota (CPUQuota=) held it up; nil without the cpu controller.
        public var throttledMicroseconds: UInt64?
    }

    /// From /proc/stat.
    public var ticks: Ticks?
    /// The one-minute load average.
    public var loadAverage: Double?
    /// Nil without PSI.
    public var cpuPressure: Pressure?
    /// What could be allocated without swapping.
    public var memoryAvailableBytes: Int?
    /// On how many processors this process may run.
    public var cpusAllowed: Int
    /// Nil without cgroup v2.
    public var group: Group?

    /// Reads them now; half a dozen small files, no waiting.
    /// - Parameters:
    ///   - procRoot: where proc(5) is mounted.
    ///   - cgroupRoot: where cgroup v2 is mounted; nil: the usual places.
    public init(procRoot: String = "/proc", cgroupRoot: String? = nil) {
        ticks = Self.text(procRoot + "/stat").flatMap(LoadText.ticks)
        loadAverage = Self.text(procRoot + "/loadavg").flatMap(LoadText.loadAverage)
        cpuPressure = Self.text(procRoot + "/pressure/cpu").flatMap(LoadText.pressure)
        memoryAvailableBytes = Self.text(procRoot + "/meminfo").flatMap(LoadText.memoryAvailableBytes)
        cpusAllowed = max(1, Int(lofi_cpus_allowed()))
        group = Self.groupDirectory(procRoot: procRoot, cgroupRoot: cgroupRoot).flatMap(Self.group)
    }

    /// How many processes the kernel has killed for memory: of our cgroup where that can be read, else of the machine.
    /// Only its growth means something.
    /// - Parameters: as of `init`.
    public static func oomKills(procRoot: String = "/proc", cgroupRoot: String? = nil) -> Int? {
        groupDirectory(procRoot: procRoot, cgroupRoot: cgroupRoot)
            .flatMap { text($0 + "/memory.events") }.flatMap { LoadText.number(after: "oom_kill", in: $0) }
            ?? text(procRoot + "/vmstat").flatMap { LoadText.number(after: "oom_kill", in: $0) }
    }

    /// How busy all processors were since `earlier`, 0 to 100; nil when no tick has passed or either was not read.
    public func cpuPercent(since earlier: MachineLoad) -> Double? {
        guard let now = ticks, let then = earlier.ticks, now.total > then.total else { return nil }
        // The kernel's idle time can step back a little.
        let busy = now.busy > then.busy ? now.busy - then.busy : 0
        return min(100, 100 * Double(busy) / Double(now.total - then.total))
    }

    /// Where our own cgroup is; nil in the root of the tree, whose files are the machine's.
    private static func groupDirectory(procRoot: String, cgroupRoot: String?) -> String? {
        guard let path = text(procRoot + "/self/cgroup").flatMap(LoadText.unifiedGroup), path != "/" else { return nil }
        let roots = cgroupRoot.map { [$0] } ?? ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        return roots.first { access($0 + path + "/cgroup.controllers", F_OK) == 0 }.map { $0 + path }
    }

    private static func group(in directory: String) -> Group? {
        let use = text(directory + "/cpu.stat")
        let group = Group(
            cpuPressure: text(directory + "/cpu.pressure").flatMap(LoadText.pressure),
            usageMicroseconds: use.flatMap { LoadText.number(after: "usage_usec", in: $0) },
            throttledMicroseconds: use.flatMap { LoadText.number(after: "throttled_usec", in: $0) })
        return group == Group() ? nil : group
    }

    private static func text(_ path: String) -> String? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NONBLOCK),
            let bytes = try? file.read(upTo: 65_536)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The texts of the kernel, each as far as it reads.
enum LoadText {
    /// `cpu  user nice system idle iowait irq softirq steal guest guest_nice`; guests are counted in user already.
    static func ticks(_ text: String) -> MachineLoad.Ticks? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("cpu ") }) else { return nil }
        let fields = line.split(separator: " ").dropFirst().prefix(8)
        let numbers = fields.compactMap { UInt64($0) }
        // Two thousand years of a tick a microsecond: a larger one is none, and could not be added up.
        guard numbers.count >= 4, numbers.count == fields.count, numbers.allSatisfy({ $0 < 1 << 56 }) else {
            return nil
        }
        let total = numbers.reduce(0, +)
        let idle = numbers[3] + (numbers.count > 4 ? numbers[4] : 0)
        return MachineLoad.Ticks(busy: total - idle, total: total)
    }

    static func loadAverage(_ text: String) -> Double? { text.split(separator: " ").first.flatMap(finite) }

    /// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`
    static func pressure(_ text: String) -> MachineLoad.Pressure? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("some ") }) else { return nil }
        var average: Double?
        var total: UInt64?
        for word in line.split(separator: " ") {
            if word.hasPrefix("avg10=") { average = finite(word.dropFirst(6)) }
            if word.hasPrefix("total=") { total = UInt64(word.dropFirst(6)) }
        }
        guard let average, let total else { return nil }
        return MachineLoad.Pressure(someAvg10: average, someTotalMicroseconds: total)
    }

    static func memoryAvailableBytes(_ text: String) -> Int? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }), kibibytes >= 0
        else { return nil }
        let (bytes, overflow) = kibibytes.multipliedReportingOverflow(by: 1024)
        return overflow ? nil : bytes
    }

    /// The number in the line that begins with the word `name`.
    static func number<Number: FixedWidthInteger>(after name: String, in text: String) -> Number? {
        // Some files have hundreds of lines, so they are compared as bytes.
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: name.utf8) {
            let words = Substring(line).split(separator: " ")
            if words.count == 2, words[0] == name { return Number(words[1]) }
        }
        return nil
    }

    /// The path in `0::/path`, the line of cgroup v2.
    static func unifiedGroup(_ text: String) -> String? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
        let path = String(line.dropFirst(3))
        // One outside of our namespace is told with dots, and has no place here.
        return path.split(separator: "/").contains("..") ? nil : path
    }

    private static func finite(_ text: Substring) -> Double? {
        Double(text).flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
    }
}
