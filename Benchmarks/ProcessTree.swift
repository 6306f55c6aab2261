import FoundationEssentials
import Glibc
import Platform

/// What /proc says of one process.
struct ProcessFacts: Sendable {
    let pid: Int32
    let parent: Int32
    /// User and system time of the process, and of those of its descendants that have ended and were waited for.
    let cpuSeconds: Double
    /// The program and its arguments.
    let arguments: [String]

    init?(pid: Int32) {
        guard let stat = ProcText.read("/proc/\(pid)/stat"), let close = stat.lastIndex(of: ")") else { return nil }
        // From field 3 on: the name before it may hold anything.
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 14, let parent = Int32(fields[1]) else { return nil }
        let ticks = fields[11...14].compactMap { Double($0) }
        guard ticks.count == 4 else { return nil }
        self.pid = pid
        self.parent = parent
        cpuSeconds = ticks.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
        arguments = (ProcText.read("/proc/\(pid)/cmdline") ?? "").split(separator: "\0").map(String.init)
    }

    /// What it is in a station.
    var role: String {
        if let worker = arguments.firstIndex(of: "worker"), worker == 1, arguments.count > 2 { return arguments[2] }
        if arguments.count > 1, arguments[1] == "run" { return "supervisor" }
        guard arguments.first?.hasSuffix("ffmpeg") == true else {
            return arguments.first?.split(separator: "/").last.map(String.init) ?? "ended"
        }
        if arguments.contains("-stream_loop") { return "ffmpeg: encode" }
        return arguments.contains("hls") ? "ffmpeg: local HLS" : "ffmpeg: destination"
    }
}

/// The memory of one process, in bytes.
struct MemoryFacts: Sendable {
    /// All of it that is in RAM, shared libraries included.
    var resident: Int
    /// Its own: heap and stacks.
    var anonymous: Int

    init?(pid: Int32) {
        guard let status = ProcText.read("/proc/\(pid)/status") else { return nil }
        guard let resident = Self.figure("VmRSS", status),
            let anonymous = Self.figure("RssAnon", status)
        else { return nil }
        self.resident = resident * 1024
        self.anonymous = anonymous * 1024
    }

    private static func figure(_ key: String, _ status: String) -> Int? {
        for line in status.split(separator: "\n") where line.hasPrefix(key + ":") {
            return Int(line.filter(\.isNumber))
        }
        return nil
    }
}

/// A process and everything under it.
struct ProcessTree: Sendable {
    /// The root first.
    let processes: [ProcessFacts]
    let atSeconds: Double

    /// Looks until two looks in a row see the same processes: one that ends between its own line and its parent's
    /// would be counted twice or not at all.
    init(root: Int32, clock: some StationClock = SystemClock()) {
        var last = Self.look(root)
        for _ in 0..<20 {
            let next = Self.look(root)
            defer { last = next }
            if next.map(\.pid) == last.map(\.pid) { break }
        }
        processes = last
        atSeconds = clock.monotonicSeconds
    }

    /// Of all of them, and of all under them that have ended: who is waited for is in its parent's figure.
    var cpuSeconds: Double { processes.map(\.cpuSeconds).reduce(0, +) }

    var cpuSecondsByRole: [String: Double] {
        Dictionary(processes.map { ($0.role, $0.cpuSeconds) }, uniquingKeysWith: +)
    }

    private static func look(_ root: Int32) -> [ProcessFacts] {
        let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        let all = pids.sorted().compactMap { ProcessFacts(pid: $0) }
        let children = Dictionary(grouping: all, by: \.parent)
        var found = all.filter { $0.pid == root }
        var next = 0
        while next < found.count {
            found += children[found[next].pid] ?? []
            next += 1
        }
        return found
    }
}

/// Small text files of the kernel.
enum ProcText {
    static func read(_ path: String) -> String? {
        guard let bytes = try? Files.read(path, bytesMax: 1 << 20) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
