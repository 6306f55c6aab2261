internal import Glibc

/// Has the kernel say when tasks wait for a resource too long (PSI, /proc/pressure), so that nobody needs to poll
/// for it. Armed for as long as this object lives.
public final class PressureTrigger: Sendable {
    /// Without CAP_SYS_RESOURCE the kernel takes whole multiples of this as a window, and no others.
    public static let windowSecondsStep = 2

    private let file: FileDescriptor

    /// - Parameters:
    ///   - path: /proc/pressure/cpu, memory or io, or the like of a cgroup (`cpu.pressure`).
    ///   - stallMicroseconds: how long some task must have waited within a window for it to be told, at most once a
    ///     window. At most the window itself.
    ///   - windowSeconds: 2, 4, ... 10.
    /// - Throws: ENOENT and EOPNOTSUPP for a kernel without PSI, EINVAL for a window or stall that it does not take,
    ///   EACCES or EPERM where we may not. Then the figures must be polled instead (`MachineLoad`).
    public init(
        path: String = "/proc/pressure/cpu", stallMicroseconds: Int, windowSeconds: Int = windowSecondsStep
    ) throws(SystemError) {
        file = try FileDescriptor.open(path, O_RDWR | O_NONBLOCK)
        // The kernel overwrites the last byte with a zero: without one of ours it would be a digit.
        let words = Array("some \(stallMicroseconds) \(windowSeconds * 1_000_000)".utf8) + [0]
        let failure: SystemError?
        do throws(SystemError) {
            try file.write(all: words)
            failure = nil
        } catch { failure = SystemError("arm a trigger on \(path)", code: error.code) }
        if let failure { throw failure }
    }

    /// Told with `.urgent` for each window with too much of a stall; there is nothing to read.
    public var descriptor: Int32 { file.number }
}
