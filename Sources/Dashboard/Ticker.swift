internal import Dispatch
internal import Foundation

/// Does something again and again on a thread of its own, so that what blocks there delays nobody else.
final class Ticker: Sendable {
    private let stopping = DispatchSemaphore(value: 0)

    init(name: String, seconds: Double, action: @escaping @Sendable () -> Void) {
        let thread = Thread { [stopping] in
            while stopping.wait(timeout: .now() + seconds) == .timedOut { action() }
        }
        thread.name = name
        thread.start()
    }

    /// No action begins after this returned and the one under way, if any, ended.
    func stop() { stopping.signal() }
}
