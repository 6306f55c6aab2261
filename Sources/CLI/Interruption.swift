internal import Backends
internal import Glibc
internal import Platform

/// Ctrl-C and SIGTERM as a cancellation.
enum Interruption {
    /// Begin with it: signals can be had only before there are other threads.
    static func watched(_ body: (Cancellation) throws -> Void) throws {
        let cancellation = Cancellation()
        let signals = try SignalFeed([SIGINT, SIGTERM])
        let descriptor = signals.descriptor
        NamedThread.start("signals") {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&waiting, 1, -1) < 0 && errno == EINTR {}
            cancellation.cancel()
        }
        // The thread polls its descriptor.
        try withExtendedLifetime(signals) { try body(cancellation) }
    }
}
