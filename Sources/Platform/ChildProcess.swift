internal import CPlatform
internal import Glibc

/// How a process ended.
public enum ProcessExit: Sendable, Hashable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)

    public var description: String {
        switch self {
        case .code(0): "exit 0"
        case .code(let code): "exit \(code)"
        case .signal(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }
}

/// A child process, known by its pidfd so that no signal can ever reach a stranger.
public final class ChildProcess: Sendable {
    public let pid: Int32
    /// Readable once the process has ended.
    public let pidfd: FileDescriptor
    /// True when the child leads a session, and so a process group, of its own.
    private let leadsGroup: Bool

    /// Starts `path` with a clean signal mask and only the given descriptors.
    /// - Parameters:
    ///   - path: the executable; not searched in PATH.
    ///   - arguments: without the program's name, which is put first.
    ///   - environment: complete; nothing is inherited.
    ///   - descriptors: what the child sees as 0, 1, 2, ...; nil is /dev/null.
    ///   - newSession: gives the child a session and process group of its own.
    ///   - nice: added to the niceness.
    /// - Throws: what fork or exec failed with.
    public init(
        path: String, arguments: [String], environment: [String: String], directory: String? = nil,
        descriptors: [Int32?], newSession: Bool = false, nice: Int32 = 0
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
            nice, &pid, &pidfd)
        guard failed == 0 else { throw SystemError("start \(path)", code: failed) }
        self.pid = pid
        self.pidfd = FileDescriptor(owning: pidfd)
        self.leadsGroup = newSession
    }

    /// Signals the process; false when it has already ended.
    @discardableResult
    public func signal(_ number: Int32) -> Bool { lofi_pidfd_signal(pidfd.number, number) == 0 }

    /// Signals every process of the child's own group. Only valid until `pid` can have been given to somebody else:
    /// before the child is reaped, or while a member of its group is known to live.
    public func signalGroup(_ number: Int32) {
        guard leadsGroup else { return }
        _ = killpg(pid, number)
    }

    /// True once it has ended, reaped or not.
    public var hasEnded: Bool { lofi_pidfd_ended(pidfd.number) != 0 }

    /// How it ended, once it has; reaps it. Nil while it runs. After that first answer: nil again.
    public func reap() -> ProcessExit? {
        var code: Int32 = 0
        var wasSignal: Int32 = 0
        guard lofi_pidfd_reap(pidfd.number, &code, &wasSignal) == 1 else { return nil }
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
