internal import Platform
internal import Synchronization

/// Closes the connections of clients that hang, dawdle, flood or pile up.
///
/// FlyingFox bounds only the time of a handler: a request head may be endless, a reader may stop reading for ever,
/// and a failing `accept` (too many open files) ends its server. The kernel counts what each connection did, so
/// the limits are kept from outside, by shutting the socket; FlyingFox sees a client that hung up.
final class ConnectionWarden: Sendable {
    private let port: Int
    private let limits: ConnectionLimits
    private let clock: any StationClock
    private let known = Mutex<[TCPConnection.Identity: Memory]>([:])

    /// What a connection had done when it last moved forward, that is, when its client last took bytes.
    private struct Memory {
        var takenBytes: UInt64
        var receivedBytes: UInt64
        var atSeconds: Double
    }

    init(port: Int, limits: ConnectionLimits, clock: any StationClock = SystemClock()) {
        self.port = port
        self.limits = limits
        self.clock = clock
    }

    /// One look at all connections. Returns how many it closed.
    @discardableResult
    func sweep() -> Int {
        let now = clock.monotonicSeconds
        var closed = 0
        var after: [TCPConnection.Identity: Memory] = [:]
        var kept: [(connection: TCPConnection, memory: Memory)] = []
        let before = known.withLock { $0 }
        for connection in TCPConnection.accepted(onPort: port) {
            guard let facts = connection.facts else { continue }
            var memory = before[connection.identity] ?? Memory(takenBytes: 0, receivedBytes: 0, atSeconds: now)
            if facts.takenBytes > memory.takenBytes {
                memory = Memory(takenBytes: facts.takenBytes, receivedBytes: facts.receivedBytes, atSeconds: now)
            }
            if isOverLimit(facts, memory, now: now) {
                connection.shut(dropping: facts.waitingBytes > 0)
                closed += 1
            } else {
                after[connection.identity] = memory
                kept.append((connection, memory))
            }
        }
        let excess = max(0, kept.count - limits.connectionsMax)
        // Those that never took a byte go first, or a crowd of newcomers would push out whoever listens.
        let leastFirst = kept.sorted { (one, other) in
            let (used, otherUsed) = (one.memory.takenBytes > 1, other.memory.takenBytes > 1)
            return used == otherUsed ? one.memory.atSeconds < other.memory.atSeconds : otherUsed
        }
        for (connection, _) in leastFirst.prefix(excess) {
            connection.shut(dropping: false)
            after[connection.identity] = nil
            closed += 1
        }
        known.withLock { $0 = after }
        return closed
    }

    private func isOverLimit(_ facts: TCPConnection.Facts, _ memory: Memory, now: Double) -> Bool {
        let still = now - memory.atSeconds
        let asked = facts.receivedBytes > memory.receivedBytes ? facts.receivedBytes - memory.receivedBytes : 0
        if asked > UInt64(limits.requestBytesMax) { return true }
        if facts.waitingBytes > 0 { return still > limits.stalledSecondsMax }
        if asked > 0 { return still > limits.requestSecondsMax }
        return still > limits.idleSecondsMax
    }
}
