internal import Glibc

/// An exclusive `flock`, held as long as this object lives and released by the kernel when its process dies.
/// Two locks on one file exclude each other inside one process as well.
public final class FileLock: Sendable {
    private let file: FileDescriptor

    private init(_ file: FileDescriptor) { self.file = file }

    /// Takes the lock at once, making the file if it is not there; nil when somebody holds it.
    public static func attempt(_ path: String) throws(SystemError) -> FileLock? {
        try attempt(FileDescriptor.open(path, O_RDWR | O_CREAT), path)
    }

    /// As `attempt`, but never makes the file; nil also when there is none.
    public static func attempt(existing path: String) throws(SystemError) -> FileLock? {
        do throws(SystemError) {
            return try attempt(FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), path)
        } catch  where error.code == ENOENT || error.code == ELOOP {
            return nil
        } catch {
            throw error
        }
    }

    /// Takes the lock, waiting for its holder; nil when `timeoutSeconds` pass first. The wait is bounded because a
    /// holder may be stopped (SIGSTOP) for as long as its supervisor likes.
    public static func wait(_ path: String, timeoutSeconds: Double) throws(SystemError) -> FileLock? {
        let clock = SystemClock()
        let deadline = clock.monotonicSeconds + timeoutSeconds
        var pauseSeconds = 0.0005
        while true {
            if let lock = try attempt(path) { return lock }
            if clock.monotonicSeconds >= deadline { return nil }
            clock.sleep(seconds: pauseSeconds)
            pauseSeconds = min(pauseSeconds * 1.5, 0.01)
        }
    }

    private static func attempt(_ file: FileDescriptor, _ path: String) throws(SystemError) -> FileLock? {
        do throws(SystemError) {
            try retrying("lock \(path)") { flock(file.number, LOCK_EX | LOCK_NB) }
        } catch  where error.code == EWOULDBLOCK {
            return nil
        } catch {
            throw error
        }
        return FileLock(file)
    }
}
