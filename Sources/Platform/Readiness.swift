internal import CPlatform
internal import Glibc

/// Waits for many descriptors at once (epoll(7), level-triggered): what is not served is told again. Belongs to the
/// one thread that waits.
public final class Readiness {
    /// What a descriptor is watched for; its hanging up is told in any case.
    public struct Interest: OptionSet, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }

        public static let readable = Interest(rawValue: Int32(LOFI_READABLE))
        public static let writable = Interest(rawValue: Int32(LOFI_WRITABLE))
        /// EPOLLPRI: what a pressure trigger or a cgroup's events file says it with.
        public static let urgent = Interest(rawValue: Int32(LOFI_URGENT))
    }

    /// What has happened to one descriptor.
    public struct Event: Sendable, Equatable {
        /// As it was given to `watch`.
        public let key: Int
        public let readable: Bool
        public let writable: Bool
        public let urgent: Bool
        /// The other end has gone, or the descriptor is in error. What it still holds can be read first.
        public let hungUp: Bool

        public init(
            key: Int, readable: Bool = false, writable: Bool = false, urgent: Bool = false, hungUp: Bool = false
        ) {
            self.key = key
            self.readable = readable
            self.writable = writable
            self.urgent = urgent
            self.hungUp = hungUp
        }
    }

    private static let eventsMax = 64
    private let epoll: FileDescriptor

    public init() throws(SystemError) {
        let number = lofi_epoll_open()
        guard number >= 0 else { throw SystemError("epoll_create1", code: -number) }
        epoll = FileDescriptor(owning: number)
    }

    /// Watches `descriptor`; watched already, its key and interest change to these. An empty interest still tells of
    /// its hanging up. The descriptor stays the caller's, who forgets it before closing it: a number that is closed
    /// while a copy of it lives elsewhere goes on being told.
    /// - Throws: EPERM for what cannot be waited for (a regular file), EBADF, and what epoll_ctl(2) names.
    public func watch(_ descriptor: Int32, key: Int, for interest: Interest) throws(SystemError) {
        let failed = lofi_epoll_watch(epoll.number, descriptor, Int64(key), interest.rawValue)
        if failed != 0 { throw SystemError("watch descriptor \(descriptor)", code: failed) }
    }

    /// Watches it no longer. One that is not watched is no error.
    public func forget(_ descriptor: Int32) { _ = lofi_epoll_forget(epoll.number, descriptor) }

    /// Waits until something has happened or `seconds` (rounded up to whole milliseconds) have passed, at most an
    /// hour; 0 only looks. Up to 64 events; the rest come with the next call. A signal that interrupts the wait
    /// makes it no shorter.
    public func wait(seconds: Double) -> [Event] {
        let clock = SystemClock()
        let deadline = clock.monotonicSeconds + seconds
        var keys = [Int64](repeating: 0, count: Self.eventsMax)
        var happened = [Int32](repeating: 0, count: Self.eventsMax)
        var left = seconds
        while true {
            let milliseconds = Int32((min(max(left, 0), 3600) * 1000).rounded(.up))
            let count = lofi_epoll_wait(epoll.number, &keys, &happened, Int32(Self.eventsMax), milliseconds)
            if count >= 0 { return (0..<Int(count)).map { Self.event(keys[$0], Interest(rawValue: happened[$0])) } }
            guard count == -EINTR else { return [] }
            left = deadline - clock.monotonicSeconds
        }
    }

    private static func event(_ key: Int64, _ happened: Interest) -> Event {
        let hungUp = Interest(rawValue: Int32(LOFI_HUNG_UP))
        return Event(
            key: Int(key), readable: happened.contains(.readable), writable: happened.contains(.writable),
            urgent: happened.contains(.urgent), hungUp: happened.contains(hungUp))
    }
}
