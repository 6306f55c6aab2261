public import Domain
internal import Glibc
public import Platform

/// A worker's end of its line to the supervisor: descriptor 3. Its end of file is the lifeline: when the supervisor
/// is gone for good the worker stops, within a bound. A supervisor that is started again may leave the line unread for
/// a while: nothing here waits for it, and it finds whole lines when it reads on.
public final class WorkerLink: Sendable {
    /// The descriptor on which a worker finds its line.
    public static let descriptorNumber: Int32 = 3

    /// Given when the supervisor asks the worker to stop, or has died.
    public let stop: StopSignal
    private let connection: LineConnection
    private let version: String
    private let graceSeconds: Double
    private let orders = WorkerOrders()
    private let isReady = Monitor(false)

    /// Half a minute of reports: what a supervisor that comes back has to read before it sees the present.
    private static let unreadBytesMax: Int32 = 64 << 10

    /// - Parameters:
    ///   - version: what this worker runs.
    ///   - graceSeconds: how long after the stop signal the process may still live before it is ended hard.
    public init(descriptor: FileDescriptor, version: String, graceSeconds: Double) throws(SystemError) {
        stop = try StopSignal()
        connection = try LineConnection(descriptor)
        connection.limitUnread(bytes: Self.unreadBytesMax)
        self.version = version
        self.graceSeconds = graceSeconds
    }

    /// Starts to listen. `stop` and `ping` are answered from now on; orders wait for `serve` or `ready`.
    public func start() {
        connection.start(
            handler: { [self] method, _ in
                switch method {
                case .ping:
                    guard isReady.read({ $0 }) else {
                        throw WireError.refused(code: Message.Code.failed, message: "the worker is not ready yet")
                    }
                    return try JSONValue(encoding: WorkerHello(version: version))
                case .stop:
                    beginStop("asked to")
                    return .null
                default: throw method.isUnknownHere
                }
            }, later: { [self] in orders.take($0, $1, $2) }, closed: { [self] _ in beginStop("the supervisor is gone") }
        )
    }

    /// Says how orders are carried out: one after another, on a thread of their own. Orders that came before now are
    /// carried out now.
    /// - Parameters:
    ///   - onReload: what it throws is the answer; nil refuses the method as unknown.
    ///   - onTune: as above.
    public func serve(
        onReload: (@Sendable (ReloadOrder) throws -> Void)? = nil, onTune: (@Sendable (WorkerTuning) -> Void)? = nil
    ) {
        orders.serve(WorkerOrders.Handlers(reload: onReload, tune: onTune), replacing: true)
    }

    /// Says that the worker can do its work. Without a `serve` before it, all orders are refused.
    public func ready() {
        orders.serve(WorkerOrders.Handlers(), replacing: false)
        isReady.withLock { $0 = true }
        try? connection.notify(.ready, WorkerHello(version: version))
    }

    /// Says how the work goes. Returns at once, and leaves the report out while nobody reads.
    /// - Returns: false when it was left out.
    @discardableResult
    public func report(_ report: WorkerReport) -> Bool {
        (try? connection.notifyUnlessBehind(.report, report)) ?? false
    }

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
