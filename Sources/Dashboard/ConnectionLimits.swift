/// How much one client may take from the others.
struct ConnectionLimits: Sendable {
    /// Above this the ones that did least lately are closed.
    var connectionsMax = 128
    /// Bytes a client may send before it has an answer.
    var requestBytesMax = 16 << 10
    /// Seconds a client may take over sending one request.
    var requestSecondsMax = 10.0
    /// Seconds a client may go without taking a byte of what waits for it.
    var stalledSecondsMax = 15.0
    /// Seconds a connection may lie unused.
    var idleSecondsMax = 60.0
    /// Seconds one answer may take to be ready.
    var handlerSeconds = 15.0
    /// Seconds between two looks at the connections.
    var sweepSeconds = 1.0
}
