/// How late the packets of the stream come.
///
/// ffmpeg paces its input by the machine's monotonic clock and catches up by itself, so that a packet's arrival less
/// its time on the timeline is the same for all packets that come when they should. The smallest such difference
/// within the last minute is taken for "on time"; what a packet comes later than that is its lateness. A delay that
/// stays for a minute is a delay no more: the stream has moved. Picture and sound are measured apart, because one
/// always waits a little for the other in the multiplexer.
struct LatenessMeter {
    private struct Lane {
        /// The smallest difference of each second in which packets came, oldest first.
        var minima: [(second: Int, seconds: Double)] = []
        /// Where the next packet belongs on the timeline.
        var nextSeconds: Double
        var lastSeconds: Double

        var onTime: Double { minima.lazy.map(\.seconds).min() ?? 0 }
    }

    private var lanes: [FlvTag.Kind: Lane] = [:]
    private var worstSeconds = 0.0

    static let windowSeconds = 60

    /// A new ffmpeg begins, or the stream rests: what comes next is on time by definition.
    mutating func anchor() { lanes = [:] }

    /// - Parameters:
    ///   - mediaSeconds: the packet's place on the timeline.
    ///   - now: when it came, in seconds of a clock that only grows.
    mutating func note(_ kind: FlvTag.Kind, mediaSeconds: Double, at now: Double) {
        let difference = now - mediaSeconds
        let second = Int(now.rounded(.down))
        var lane = lanes[kind] ?? Lane(nextSeconds: mediaSeconds, lastSeconds: mediaSeconds)
        lane.minima.removeAll { $0.second <= second - Self.windowSeconds }
        if let last = lane.minima.last, last.second == second {
            lane.minima[lane.minima.count - 1].seconds = min(last.seconds, difference)
        } else {
            lane.minima.append((second, difference))
        }
        lane.nextSeconds = mediaSeconds + max(0, mediaSeconds - lane.lastSeconds)
        lane.lastSeconds = mediaSeconds
        worstSeconds = max(worstSeconds, difference - lane.onTime)
        lanes[kind] = lane
    }

    /// The worst since the last call, packets that are overdue included; nil when there is no stream.
    mutating func takeWorst(at now: Double) -> Double? {
        defer { worstSeconds = 0 }
        guard !lanes.isEmpty else { return worstSeconds > 0 ? worstSeconds : nil }
        return lanes.values.reduce(worstSeconds) { max($0, now - $1.nextSeconds - $1.onTime) }
    }

    /// Puts back what was taken and could not be told.
    mutating func putBack(_ seconds: Double) { worstSeconds = max(worstSeconds, seconds) }
}
