public import Domain
internal import Glibc
public import Platform

/// A worker's end of its line to the supervisor: descriptor 3. Its end of file is the lifeline: when the supervisor
/// is gone the worker stops, within a bound.
public final class WorkerLink: Sendable {
    /// The descriptor on which a worker finds its line.
    public static let descriptorNumber: Int32 = 3

    /// Given when the supervisor asks the worker to stop, or has died.
    public let stop: StopSignal
    private let connection: LineConnection
    private let graceSeconds: Double

    /// - Parameter graceSeconds: how long after the stop signal the process may still live before it is ended hard.
    public init(descriptor: FileDescriptor, graceSeconds: Double) throws(SystemError) {
        stop = try StopSignal()
        connection = try LineConnection(descriptor)
        self.graceSeconds = graceSeconds
    }

    /// Starts to listen.
    public func start() {
        connection.start(handler: { [self] method, _ in
            switch method {
            case .ping: return .null
            case .stop:
                beginStop("asked to")
                return .null
            default: throw method.isUnknownHere
            }
        }) { [self] _ in beginStop("the supervisor is gone") }
    }

    /// Says that the worker can do its work.
    public func ready() { try? connection.notify(.ready, [String: String]()) }

    /// Says how the work goes.
    public func report(_ report: WorkerReport) { try? connection.notify(.report, report) }

    /// The whole station's status, from the supervisor; nil when it does not answer.
    public func stationStatus() -> StationStatus? {
        try? connection.request(.status, timeoutSeconds: 2).decoded(as: StationStatus.self)
    }

    private func beginStop(_ reason: String) {
        guard !stop.isGiven else { return }
        stop.give(reason: reason)
        let graceSeconds = graceSeconds
        NamedThread.start("last-resort") {
            SystemClock().sleep(seconds: graceSeconds)
            Log.warning("did not stop within \(graceSeconds) s of being asked; ending now")
            _exit(ExitCode.tryAgain.rawValue)
        }
    }
}
