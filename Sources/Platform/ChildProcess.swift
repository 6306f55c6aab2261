internal import CPlatform
internal import Glibc
internal import Synchronization

/// How a process ended.
public enum ProcessExit: Sendable, Hashable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)
    /// Its end was seen, not its exit code: it was no child of ours and the kernel does not tell.
    case unknown

    public var description: String {
        switch self {
        case .code(0): "exit 0"
        case .code(let code): "exit \(code)"
        case .signal(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
        case .unknown: "an end whose exit code was not seen"
        }
    }
}

/// A process that we started or adopted, known by its pidfd so that no signal can ever reach a stranger.
///
/// A stopped process (SIGSTOP) ends of SIGKILL as it is; a SIGTERM waits in it until SIGCONT.
public final class ChildProcess: Sendable {
    public let pid: Int32
    /// Readable once the process has ended.
    public let pidfd: FileDescriptor
    /// True when it leads a session, and so a process group, of its own.
    public let leadsGroup: Bool
    /// True for a process that is not our child, so that waitid tells nothing of it.
    private let isAdopted: Bool
    private let adoptedEndTold = Atomic(false)

    /// Starts `path` with a clean signal mask and only the given descriptors.
    /// - Parameters:
    ///   - path: the executable; not searched in PATH.
    ///   - arguments: without the program's name, which is put first.
    ///   - environment: complete; nothing is inherited.
    ///   - descriptors: what the child sees as 0, 1, 2, ...; nil is /dev/null.
    ///   - newSession: gives the child a session and process group of its own.
    ///   - diesWithThread: kills the child when the calling thread ends, and so when this process dies.
    ///   - nice: added to the niceness.
    /// - Throws: what fork or exec failed with.
    public init(
        path: String, arguments: [String], environment: [String: String], directory: String? = nil,
        descriptors: [Int32?], newSession: Bool = false, diesWithThread: Bool = false, nice: Int32 = 0
    ) throws(SystemError) {
        var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        argv.append(nil)
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") }
        envp.append(nil)
        defer {
            for pointer in argv { free(pointer) }
            for pointer in envp { free(pointer) }
        }
        var pid: Int32 = 0
        var pidfd: Int32 = -1
        let failed = lofi_spawn(
            path, argv, envp, directory, descriptors.map { $0 ?? -1 }, Int32(descriptors.count), newSession ? 1 : 0,
            diesWithThread ? 1 : 0, nice, &pid, &pidfd)
        guard failed == 0 else { throw SystemError("start \(path)", code: failed) }
        self.pid = pid
        self.pidfd = FileDescriptor(owning: pidfd)
        self.leadsGroup = newSession
        isAdopted = false
    }

    /// Takes over a process that somebody else started: a supervisor before us.
    /// - Parameters:
    ///   - pidfd: of that process; see `pidfd(of:startedAtTicks:)`.
    ///   - pid: its number, for /proc and for people.
    ///   - leadsGroup: whether it was started with a session of its own.
    public init(adopting pidfd: FileDescriptor, pid: Int32, leadsGroup: Bool) {
        self.pid = pid
        self.pidfd = pidfd
        self.leadsGroup = leadsGroup
        isAdopted = true
    }

    /// A pidfd of process `pid` if that is still the one that began at `startedAtTicks` (`ProcessFigures.startTicks`);
    /// nil when it is gone, reaped, and its number perhaps somebody else's. Ticks are counted since boot: a number
    /// from before a reboot means nothing. A process that has ended but was not reaped is found, with `hasEnded` true.
    public static func pidfd(of pid: Int32, startedAtTicks: UInt64) -> FileDescriptor? {
        let number = lofi_pidfd_open(pid)
        guard number >= 0 else { return nil }
        let pidfd = FileDescriptor(owning: number)
        // In this order: whoever has the number now and began long ago had it when the pidfd was opened, too.
        guard ProcessFigures(pid: pid)?.startTicks == startedAtTicks else { return nil }
        return pidfd
    }

    /// Signals the process; false when it has already ended.
    @discardableResult
    public func signal(_ number: Int32) -> Bool { lofi_pidfd_signal(pidfd.number, number) == 0 }

    /// Signals every process of its own group, also when the leader has been reaped and its number is somebody
    /// else's. Before Linux 6.9 that last is not so: then only valid before the leader is reaped, or while a member
    /// of its group is known to live. Does nothing for a process that leads no group.
    public func signalGroup(_ number: Int32) {
        guard leadsGroup else { return }
        if lofi_pidfd_signal_group(pidfd.number, number) == EINVAL { _ = killpg(pid, number) }
    }

    /// True when no process of its group is left, itself included; a zombie counts until it is reaped, so reap the
    /// leader, and as subreaper its orphans, before asking. Exact on Linux 6.9 and later; before, a stranger's group
    /// that has taken the number since hides it. For a process that leads no group: true when it alone is gone.
    public var groupIsEmpty: Bool {
        guard leadsGroup else { return lofi_pidfd_signal(pidfd.number, 0) == ESRCH }
        let answer = lofi_pidfd_signal_group(pidfd.number, 0)
        if answer != EINVAL { return answer == ESRCH }
        return kill(-pid, 0) != 0 && errno == ESRCH
    }

    /// True once it has ended, reaped or not.
    public var hasEnded: Bool { lofi_pidfd_ended(pidfd.number) != 0 }

    /// How it ended, once it has; reaps our own child. Nil while it runs. After that first answer: nil again.
    /// An adopted process is reaped by its parent; how it ended is known from Linux 6.15 on, else `.unknown`.
    public func reap() -> ProcessExit? {
        if isAdopted {
            guard hasEnded, !adoptedEndTold.exchange(true, ordering: .relaxed) else { return nil }
            return endOfAdopted()
        }
        var code: Int32 = 0
        var wasSignal: Int32 = 0
        guard lofi_pidfd_reap(pidfd.number, &code, &wasSignal) == 1 else { return nil }
        return wasSignal != 0 ? .signal(code) : .code(code)
    }

    /// The kernel tells it from the moment its parent has reaped it, /proc up to then; a parent that waits makes that
    /// change while we look.
    private func endOfAdopted() -> ProcessExit {
        for _ in 0..<100 {
            let isReaped = lofi_pidfd_signal(pidfd.number, 0) == ESRCH
            var status: Int32 = 0
            if lofi_pidfd_exit_status(pidfd.number, &status) == 1 { return Self.exit(status) }
            if isReaped { break }
            // Not reaped after the look either: so the number was still its own.
            if let status = ProcessFigures.exitStatus(ofZombie: pid), lofi_pidfd_signal(pidfd.number, 0) == 0 {
                return Self.exit(status)
            }
            sched_yield()
        }
        return .unknown
    }

    private static func exit(_ status: Int32) -> ProcessExit {
        var code: Int32 = 0
        var wasSignal: Int32 = 0
        lofi_split_status(status, &code, &wasSignal)
        return wasSignal != 0 ? .signal(code) : .code(code)
    }

    /// Waits until it has ended or `timeoutSeconds` have passed; nil then, and when its end was already told.
    public func wait(timeoutSeconds: Double) -> ProcessExit? {
        let deadline = SystemClock().monotonicSeconds + timeoutSeconds
        while true {
            // Nil when it was reaped before: then polling would not wait.
            if hasEnded { return reap() }
            let left = deadline - SystemClock().monotonicSeconds
            if left <= 0 { return nil }
            var waiting = pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)
            _ = poll(&waiting, 1, Int32(min(left * 1000 + 1, 60_000)))
        }
    }
}
