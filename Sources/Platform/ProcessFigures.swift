internal import Glibc

/// What /proc says of one process.
public struct ProcessFigures: Sendable, Equatable {
    /// User and system time so far, in seconds.
    public var cpuSeconds: Double
    public var residentBytes: Int
    public var threads: Int
    /// Open descriptors; nil when the process may not be looked into.
    public var openFiles: Int?
    /// When it began, in clock ticks since boot: with its number this names a process for as long as the machine is up.
    public var startTicks: UInt64
    /// As proc(5) has it: R running, S sleeping, D in a system call that nothing interrupts, T stopped, Z ended and
    /// not reaped.
    public var state: Character
    /// Of its first thread: each thread has its own.
    public var nice: Int32

    /// Reads /proc/PID/stat; nil when there is no such process.
    public init?(pid: Int32) {
        guard let fields = Self.statFields(of: "/proc/\(pid)"), fields.count > 21,
            let user = Double(fields[11]), let system = Double(fields[12]), let pages = Int(fields[21]),
            let threads = Int(fields[17]), let began = UInt64(fields[19]), let state = fields[0].first,
            let nice = Int32(fields[16])
        else { return nil }
        cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = pages * sysconf(Int32(_SC_PAGESIZE))
        self.threads = threads
        startTicks = began
        self.state = state
        self.nice = nice
        openFiles = Self.openFiles(of: pid)
    }

    /// The processes of the group `group`, zombies included. Reads the whole of /proc; a process that is born
    /// meanwhile may be missed.
    public static func processes(inGroup group: Int32) -> [Int32] {
        everyProcess().filter { $0.group == group }.map(\.pid)
    }

    /// Children of `pid` and theirs, as far as their parents live; the orphans of a dead one belong to their reaper.
    /// Reads the whole of /proc.
    public static func descendants(of pid: Int32) -> [Int32] {
        let children = Dictionary(grouping: everyProcess(), by: \.parent)
        var found: [Int32] = []
        var next: [Int32] = [pid]
        var seen: Set<Int32> = [pid]
        while let parent = next.popLast() {
            for child in children[parent] ?? [] where seen.insert(child.pid).inserted {
                found.append(child.pid)
                next.append(child.pid)
            }
        }
        return found
    }

    /// The wait status of a process that has ended and was not reaped, where it may be seen.
    static func exitStatus(ofZombie pid: Int32) -> Int32? {
        // To a stranger /proc says 0. X is a zombie whose parent is just reaping it.
        var facts = stat()
        guard stat("/proc/\(pid)", &facts) == 0, facts.st_uid == geteuid(),
            let fields = statFields(of: "/proc/\(pid)"), fields.count > 49, "ZX".contains(fields[0])
        else { return nil }
        return Int32(fields[49])
    }

    /// The fields of `directory`/stat from the state on: field N of proc(5) is at N - 3.
    static func statFields(of directory: String) -> [Substring]? {
        guard let file = try? FileDescriptor.open("\(directory)/stat", O_RDONLY),
            let bytes = try? file.read(upTo: 4096)
        else { return nil }
        // The command name is in parentheses and may hold anything; fields are counted after the last one.
        let text = String(decoding: bytes, as: UTF8.self)
        guard let close = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: close)...].split(separator: " ")
    }

    private static func openFiles(of pid: Int32) -> Int? {
        let directory = "/proc/\(pid)/fd"
        guard access(directory, R_OK | X_OK) == 0 else { return nil }
        var facts = stat()
        // Linux 6.2 and later count them here; before, the size is 0.
        if stat(directory, &facts) == 0, facts.st_size > 0 { return Int(facts.st_size) }
        return (try? Files.names(in: directory))?.count
    }

    private static func everyProcess() -> [(pid: Int32, parent: Int32, group: Int32)] {
        ((try? Files.names(in: "/proc")) ?? []).compactMap { name in
            guard let pid = Int32(name), let fields = statFields(of: "/proc/\(pid)"), fields.count > 2,
                let parent = Int32(fields[1]), let group = Int32(fields[2])
            else { return nil }
            return (pid, parent, group)
        }
    }
}
