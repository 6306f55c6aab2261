/// Exit codes are vocabulary between a worker and the supervisor (sysexits.h).
public enum ExitCode: Int32, Sendable {
    case done = 0
    /// The command line is wrong: restarting will not help.
    case usage = 64
    /// No room on a disk it needs: restarting helps once there is some.
    case diskFull = 74
    /// A temporary condition: try again.
    case tryAgain = 75
    /// The configuration is wrong: restarting will not help until it changes.
    case configuration = 78
}
