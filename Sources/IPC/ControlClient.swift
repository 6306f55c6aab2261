public import Domain
internal import Glibc
public import Platform

/// `lofisup ctl`: asks the supervisor over its Unix socket. Every question has a time limit, so that a supervisor that
/// stands still is found out and not waited for.
public final class ControlClient: Sendable {
    /// How long the supervisor may take to answer what it need not wait for itself.
    public static let answerSecondsMax = 5.0
    /// The longest that one `wait` or one long poll is left to the supervisor.
    public static let pollSecondsMax = 20.0

    private let connection: LineConnection
    private let ended = Monitor(false)
    /// The supervisor's process.
    public let supervisorPID: Int32?

    /// Connects to the control socket at `path`.
    /// - Throws: a `SystemError` with ENOENT or ECONNREFUSED when no station runs there, ETIMEDOUT when the one there
    ///   takes nobody in.
    public init(path: String, timeoutSeconds: Double = ControlClient.answerSecondsMax) throws(SystemError) {
        let socket = try UnixSocket.connect(to: path, timeoutSeconds: timeoutSeconds)
        supervisorPID = try? UnixSocket.peer(of: socket).pid
        connection = try LineConnection(socket)
        connection.start(
            handler: { method, _ in
                throw method.isUnknownHere
            }, closed: { [ended] _ in ended.withLock { $0 = true } })
    }

    // The reading thread keeps the connection alive, so it has to be told.
    deinit { connection.close() }

    /// Ends the conversation: whoever waits for an answer, on whatever thread, is told `closed`.
    public func close() { connection.close() }

    /// Waits until the supervisor ends the conversation. False when `timeoutSeconds` passed first.
    public func waitClosed(timeoutSeconds: Double) -> Bool {
        ended.wait(timeoutSeconds: timeoutSeconds) { $0 ? true : nil } ?? false
    }

    /// Asks, and waits for the answer.
    /// - Throws: `refused` with the supervisor's words, `timedOut`, `closed`, `malformed`.
    public func ask<Answer: Decodable>(
        _ method: Method, _ parameters: some Encodable, timeoutSeconds: Double = ControlClient.answerSecondsMax
    ) throws(WireError) -> Answer {
        let value: JSONValue
        do { value = try JSONValue(encoding: parameters) } catch { throw .malformed("\(error)") }
        return try connection.request(method, value, timeoutSeconds: timeoutSeconds).decoded(as: Answer.self)
    }

    public func status() throws(WireError) -> StationStatus { try ask(.status, [String: String]()) }

    /// What reading the configuration again would do.
    public func plan() throws(WireError) -> ReloadPlan { try ask(.plan, [String: String]()) }

    /// How a worker's lives have ended.
    public func why(_ worker: WorkerName) throws(WireError) -> WorkerHistory {
        try ask(.why, WorkerOrder(worker: worker.description))
    }

    /// Restarts one worker; returns when the supervisor has begun to.
    public func restart(_ worker: WorkerName) throws(WireError) -> OperationStatus {
        try ask(.restart, WorkerOrder(worker: worker.description))
    }

    /// Waits for a change to be done, `seconds` at most and no longer than `pollSecondsMax`.
    public func wait(for operation: Int, seconds: Double) throws(WireError) -> OperationStatus {
        let seconds = min(max(0, seconds), Self.pollSecondsMax)
        return try ask(
            .wait, WaitOrder(operation: operation, timeoutSeconds: seconds),
            timeoutSeconds: seconds + Self.answerSecondsMax)
    }

    /// A page of `events` or `logs`.
    public func feed(_ method: Method, _ query: FeedQuery) throws(WireError) -> FeedPage {
        var query = query
        query.waitSeconds = min(max(0, query.waitSeconds), Self.pollSecondsMax)
        return try ask(method, query, timeoutSeconds: query.waitSeconds + Self.answerSecondsMax)
    }

    /// Takes the station down; returns when the supervisor has begun to.
    public func shutdown() throws(WireError) -> OperationStatus { try ask(.shutdown, [String: String]()) }
}
