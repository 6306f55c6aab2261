public import Domain
public import Platform

/// `lofisup ctl`: asks the supervisor over its Unix socket.
public final class ControlClient: Sendable {
    private let connection: LineConnection

    /// Connects to the control socket at `path`.
    /// - Throws: a `SystemError` with ENOENT or ECONNREFUSED when no station runs there.
    public init(path: String) throws(SystemError) {
        connection = try LineConnection(UnixSocket.connect(to: path))
        connection.start(
            handler: { method, _ in
                throw method.isUnknownHere
            }, closed: { _ in })
    }

    // The reading thread keeps the connection alive, so it has to be told.
    deinit { connection.close() }

    public func status() throws(WireError) -> StationStatus {
        try connection.request(.status, timeoutSeconds: 5).decoded(as: StationStatus.self)
    }

    /// Restarts one worker; returns when the supervisor has begun to.
    public func restart(_ worker: WorkerName) throws(WireError) -> OperationStatus {
        let parameters = JSONValue.object(["worker": .string(worker.description)])
        return try connection.request(.restart, parameters, timeoutSeconds: 5).decoded(as: OperationStatus.self)
    }

    /// Takes the station down; returns when the supervisor has begun to.
    public func shutdown() throws(WireError) {
        _ = try connection.request(.shutdown, timeoutSeconds: 5)
    }
}
