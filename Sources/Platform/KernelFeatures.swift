internal import CPlatform
internal import Glibc

/// What the running kernel can do, tried and not guessed from its version.
public struct KernelFeatures: Sendable, Equatable {
    /// As in `uname -r`.
    public let release: String
    /// Processes are held and waited for by descriptor (Linux 5.4).
    public let pidfd: Bool
    /// A whole process group is signalled by the descriptor of its leader, even after that was reaped (Linux 6.9).
    public let groupSignal: Bool

    /// Asks the kernel. Nothing is signalled and no descriptor stays open.
    public init() {
        var facts = utsname()
        uname(&facts)
        release = withUnsafeBytes(of: facts.release) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        let own = lofi_pidfd_open(getpid())
        guard own >= 0 else {
            (pidfd, groupSignal) = (false, false)
            return
        }
        let held = FileDescriptor(owning: own)
        var code: Int32 = 0
        var wasSignal: Int32 = 0
        // Nobody is a child of itself: a kernel that can wait by descriptor says so.
        pidfd = lofi_pidfd_reap(held.number, &code, &wasSignal) == -ECHILD
        // Whoever leads no group has none to signal, which only a kernel that looked can know.
        groupSignal = [0, ESRCH].contains(lofi_pidfd_signal_group(held.number, 0))
    }
}

/// Whether the wall clock is kept right.
public enum ClockDiscipline: Sendable, Equatable {
    case kept(errorSecondsMax: Double)
    case free
    case unknown(SystemError)

    public static func now() -> ClockDiscipline {
        var microseconds = 0
        let answer = lofi_clock_is_kept(&microseconds)
        if answer < 0 { return .unknown(SystemError("adjtimex", code: -answer)) }
        return answer == 1 ? .kept(errorSecondsMax: Double(microseconds) / 1e6) : .free
    }
}

/// Niceness, which goes up freely and down only with a right.
public enum NicenessProbe {
    /// True when a niceness that was raised by one step can be lowered again. Tried on a thread of its own, which ends
    /// with it: in Linux niceness is a thread's.
    public static func canBeLowered() -> Bool {
        let answer = Monitor<Bool?>(nil)
        NamedThread.start("niceness") {
            let process = __priority_which_t(PRIO_PROCESS.rawValue)
            let before = getpriority(process, 0)
            let raised = setpriority(process, 0, before + 1) == 0
            let lowered = setpriority(process, 0, before) == 0
            answer.withLock { $0 = raised && lowered }
        }
        return answer.wait(timeoutSeconds: 2) { $0 } ?? false
    }
}
