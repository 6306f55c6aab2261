/// How a worker's life ended, as far as it decides what happens next. The raw values are those of `WorkerExit.cause`.
public enum ExitCause: String, Sendable, Hashable, Codable, CaseIterable {
    /// It was asked to.
    case stopped
    /// It ended although nobody asked it to, or by a signal.
    case crash
    /// The kernel ended it for want of memory: the next life meets the same shortage if it comes at once.
    case outOfMemory = "out-of-memory"
    /// It lived and did not work any more, and was killed for it.
    case watchdog
    /// Its configuration or command line is wrong: the next life would end the same way until that changes.
    case configuration
    /// The executable is not there or may not be run; an upgrade may be putting it there just now.
    case missingBinary = "missing-binary"
    /// No room on a disk it needs: none of its failures, and nothing that a quick restart mends.
    case diskFull = "disk-full"
    /// It said itself that trying again is worth it.
    case tryAgain = "try-again"
}
