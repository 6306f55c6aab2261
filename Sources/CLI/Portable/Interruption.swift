internal import Backends
internal import Glibc
internal import Platform

/// Ctrl-C and SIGTERM as a cancellation. Made before any other thread exists, and kept as long as the work lasts.
struct Interruption: ~Copyable {
    let cancellation = Cancellation()
    private let signals: SignalFeed

    init() throws(SystemError) {
        signals = try SignalFeed([SIGINT, SIGTERM])
        let descriptor = signals.descriptor
        let cancellation = cancellation
        NamedThread.start("signals") {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&waiting, 1, -1) < 0 && errno == EINTR {}
            cancellation.cancel()
        }
    }
}
