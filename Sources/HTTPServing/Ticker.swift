internal import Dispatch
internal import Platform

/// Does something again and again on a thread of its own, so that what blocks there delays nobody else.
public final class Ticker: Sendable {
    private let stopping = DispatchSemaphore(value: 0)

    public init(name: String, seconds: Double, action: @escaping @Sendable () -> Void) {
        NamedThread.start(name) { [stopping] in
            while stopping.wait(timeout: .now() + seconds) == .timedOut { action() }
        }
    }

    /// Lets no action begin that has not begun; one under way goes on to its end.
    public func stop() { stopping.signal() }
}
