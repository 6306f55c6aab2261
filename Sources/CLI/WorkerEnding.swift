internal import Buffer
internal import Domain
internal import Encoder
internal import Glibc
internal import Platform

/// What a worker's end says to the supervisor.
enum WorkerEnding {
    /// The exit code for what a role threw; 1 for what only a person can understand.
    static func code(for error: any Error) -> Int32 {
        switch error {
        case let error as SystemError: code(forErrno: error.code)
        case let error as BufferError: code(for: error)
        case AnimationError.noRoom: Domain.ExitCode.diskFull.rawValue
        case AnimationError.tool(.couldNotRun(_, let why)), ToolError.couldNotRun(_, let why):
            code(forErrno: why.code)
        default: 1
        }
    }

    private static func code(for error: BufferError) -> Int32 {
        switch error {
        case .diskFull, .waitingForDiskSpace: Domain.ExitCode.diskFull.rawValue
        case .busy: Domain.ExitCode.tryAgain.rawValue
        case .system(let error): code(forErrno: error.code)
        default: 1
        }
    }

    private static func code(forErrno errno: Int32) -> Int32 {
        switch errno {
        case ENOSPC, EDQUOT: Domain.ExitCode.diskFull.rawValue
        // Another life of this worker still holds what it needs, or the machine is short of something for now.
        case EADDRINUSE, EAGAIN, ENOMEM, EMFILE, ENFILE: Domain.ExitCode.tryAgain.rawValue
        default: 1
        }
    }
}
