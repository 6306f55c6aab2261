/// How much one client may take from the others.
public struct ConnectionLimits: Sendable {
    /// Above this the ones that did least lately are closed.
    public var connectionsMax: Int
    /// Bytes a client may send before it has an answer.
    public var requestBytesMax: Int
    /// Seconds a client may take over sending one request.
    public var requestSecondsMax: Double
    /// Seconds a client may go without taking a byte of what waits for it.
    public var stalledSecondsMax: Double
    /// Seconds a connection may lie unused.
    public var idleSecondsMax: Double
    /// Seconds one answer may take to be ready.
    public var handlerSeconds: Double
    /// Seconds between two looks at the connections.
    public var sweepSeconds: Double

    public init(
        connectionsMax: Int = 128, requestBytesMax: Int = 16 << 10, requestSecondsMax: Double = 10,
        stalledSecondsMax: Double = 15, idleSecondsMax: Double = 60, handlerSeconds: Double = 15,
        sweepSeconds: Double = 1
    ) {
        self.connectionsMax = connectionsMax
        self.requestBytesMax = requestBytesMax
        self.requestSecondsMax = requestSecondsMax
        self.stalledSecondsMax = stalledSecondsMax
        self.idleSecondsMax = idleSecondsMax
        self.handlerSeconds = handlerSeconds
        self.sweepSeconds = sweepSeconds
    }
}
