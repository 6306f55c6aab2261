internal import Glibc

/// A value behind a lock that threads can wait on: every change wakes the waiters, who look again.
public final class Monitor<State>: @unchecked Sendable {
    // pthread objects must not move, hence the allocations; `state` is only touched with `lock` held.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    public init(_ state: sending State) {
        self.state = state
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    /// Looks at or changes the state, then wakes whoever waits.
    public func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(lock)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(lock)
        }
        return try body(&state)
    }

    /// Looks at the state without waking anybody.
    public func read<Result>(_ body: (State) -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body(state)
    }

    /// Waits until `body` returns a value, which it is asked at once and after every change.
    /// - Returns: nil when `timeoutSeconds` passed first.
    public func wait<Result>(timeoutSeconds: Double, until body: (inout State) -> Result?) -> Result? {
        let until = SystemClock().monotonicSeconds + timeoutSeconds
        var deadline = timespec(tv_sec: Int(until), tv_nsec: Int((until - until.rounded(.down)) * 1e9))
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            if let result = body(&state) {
                pthread_cond_broadcast(changed)
                return result
            }
            if pthread_cond_timedwait(changed, lock, &deadline) == ETIMEDOUT { return body(&state) }
        }
    }
}
