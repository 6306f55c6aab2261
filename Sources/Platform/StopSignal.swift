internal import Glibc
internal import Synchronization

/// Tells the threads of a process to stop; once given it stays. Waiting for it is how a worker sleeps.
public final class StopSignal: Sendable {
    private let pipe: (read: FileDescriptor, write: FileDescriptor)
    private let given = Mutex<String?>(nil)

    public init() throws(SystemError) { pipe = try FileDescriptor.pipe() }

    /// Gives the signal; the first reason stays.
    public func give(reason: String) {
        let first = given.withLock { existing in
            defer { existing = existing ?? reason }
            return existing == nil
        }
        // One byte that nobody reads keeps the pipe readable for every waiter.
        if first { try? pipe.write.write(all: [1]) }
    }

    public var isGiven: Bool { given.withLock { $0 != nil } }
    /// Why, once it has been given.
    public var reason: String? { given.withLock { $0 } }
    /// Readable once the signal has been given, for poll and epoll.
    public var descriptor: Int32 { pipe.read.number }

    /// Waits until the signal is given or `seconds` have passed. True when it was given.
    @discardableResult
    public func wait(seconds: Double) -> Bool {
        let clock = SystemClock()
        let deadline = clock.monotonicSeconds + seconds
        while !isGiven {
            let left = deadline - clock.monotonicSeconds
            if left <= 0 { return false }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&waiting, 1, Int32(min(left * 1000 + 1, 60_000)))
        }
        return true
    }
}
