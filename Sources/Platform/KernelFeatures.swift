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
        pidfd = lofi_try_pidfd() == 0 && lofi_try_pidfd_wait() == 0
        groupSignal = lofi_try_pidfd_group_signal() == 0
    }
}

/// Pressure stall information (PSI), the kernel's own measure of waiting.
public enum PressureProbe {
    /// - Returns: nil when `/proc/pressure/cpu` can be read and takes a trigger; otherwise what cannot be done.
    public static func trouble() -> SystemError? {
        let path = "/proc/pressure/cpu"
        do throws(SystemError) {
            _ = try FileDescriptor.open(path, O_RDONLY).read(upTo: 256)
            let file = try FileDescriptor.open(path, O_RDWR)
            // The kernel replaces the last byte by a zero; windows of whole 2 s are free to everybody.
            try file.write(all: Array("some 150000 2000000".utf8) + [0])
            return nil
        } catch {
            return SystemError("PSI trigger on \(path)", code: error.code)
        }
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
    /// The lowest niceness that this process may give (RLIMIT_NICE), -20...20; 20 is none of its own choice.
    public static var lowestAllowed: Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(UInt32(13)), &limit)
        return 20 - Int(min(limit.rlim_cur, 40))
    }

    /// True when a niceness that was raised by one step can be lowered again. Tried on a thread of its own, which ends
    /// with it: in Linux niceness is a thread's.
    public static func canBeLowered() -> Bool {
        let answer = Monitor<Bool?>(nil)
        NamedThread.start("niceness") {
            errno = 0
            let before = getpriority(__priority_which_t(0), 0)
            let raised = setpriority(__priority_which_t(0), 0, before + 1) == 0
            let lowered = setpriority(__priority_which_t(0), 0, before) == 0
            answer.withLock { $0 = raised && lowered }
        }
        return answer.wait(timeoutSeconds: 2) { $0 } ?? false
    }
}
