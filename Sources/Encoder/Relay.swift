internal import Domain
internal import Glibc
internal import Platform

/// What a relay's ffmpeg is told, the input aside.
struct RelayTarget: Sendable {
    /// What one connection needs.
    struct Connection: Sendable {
        /// Output options and address.
        var output: [String]
        /// Given on descriptor 3 as an ffmpeg preset, so that no stream key is ever an argument that `ps` shows.
        var preset: [UInt8]?
        /// Strings that must never be shown.
        var secrets: [String] = []
    }

    let name: String
    /// Asked before every connection: a new key counts from the next one on, a recording gets a file of its own.
    /// What it throws is this destination's trouble and nobody else's.
    let connection: @Sendable () throws -> Connection
}

/// Keeps one destination supplied for as long as the station runs: connects, watches, and connects again.
final class Relay: Sendable {
    private struct State {
        var status: DestinationStatus
        var stopping = false
        var samples: [(at: Double, bytes: Int)] = []
    }

    private let target: RelayTarget
    private let ffmpeg: String
    private let environment: [String: String]
    private let broadcast: Broadcast
    private let clock: any StationClock
    private let sessionSecondsMax: Double
    private let state: Monitor<State>

    // A destination that is back is on the air again within three seconds: the longest pause is well below that.
    private static let pauseSecondsFirst = 0.25
    private static let pauseSecondsMax = 2.0
    private static let stallSecondsMax = 8.0
    /// ffmpeg tells its progress twice a second.
    private static let stalledSeconds = 2.0

    /// - Parameter sessionSecondsMax: a connection is renewed after so long, before FLV's 31-bit clock wraps.
    init(
        target: RelayTarget, ffmpeg: String, environment: [String: String], broadcast: Broadcast,
        clock: any StationClock, sessionSecondsMax: Double
    ) {
        self.target = target
        self.ffmpeg = ffmpeg
        self.environment = environment
        self.broadcast = broadcast
        self.clock = clock
        self.sessionSecondsMax = sessionSecondsMax
        state = Monitor(State(status: DestinationStatus(name: target.name, state: "waiting")))
    }

    var status: DestinationStatus { state.read { $0.status } }
    /// Waits until it has closed after `stop`.
    func waitUntilStopped(timeoutSeconds: Double) {
        _ = state.wait(timeoutSeconds: timeoutSeconds) { $0.stopping && $0.status.state == "stopped" ? true : nil }
    }

    func start() {
        NamedThread.start("relay-\(target.name)") { [self] in run() }
    }

    /// Asks it to finish what it has and close.
    func stop() { state.withLock { $0.stopping = true } }

    private var isStopping: Bool { state.read { $0.stopping } }

    private func run() {
        var failures = 0
        while !isStopping {
            guard let subscription = broadcast.subscribe() else {
                pause(seconds: 0.1)
                continue
            }
            let began = clock.monotonicSeconds
            set(state: "connecting")
            let reason = once(subscription)
            broadcast.leave(subscription)
            if isStopping { break }
            if clock.monotonicSeconds - began > 10 { failures = 0 }
            failures += 1
            let words = String(reason.prefix(200))
            // The first failure of a row is news; a server that stays away for hours is not said every two seconds.
            if failures <= 3 || failures % 100 == 0 {
                Log.warning("destination \(target.name): \(words); connecting again (attempt \(failures))")
            }
            state.withLock { state in
                state.status.state = "waiting"
                state.status.trouble = words
                state.status.reconnects += 1
                state.status.bitsPerSecond = 0
            }
            let ceiling = min(Self.pauseSecondsMax, Self.pauseSecondsFirst * Double(1 << min(failures - 1, 10)))
            pause(seconds: ceiling * Double.random(in: 0.5...1))
        }
        set(state: "stopped")
    }

    private func once(_ subscription: Broadcast.Subscription) -> String {
        let began = clock.monotonicSeconds
        do {
            let connection = try target.connection()
            let run = try RelayRun(
                ffmpeg: ffmpeg, connection: connection, environment: environment, clock: clock)
            return run.supervise(subscription, stallSecondsMax: Self.stallSecondsMax) { figures in
                note(figures)
                return isStopping || clock.monotonicSeconds - began > sessionSecondsMax
            }
        } catch {
            return "\(error)"
        }
    }

    private func note(_ figures: RelayRun.Figures) {
        let now = clock.monotonicSeconds
        state.withLock { state in
            if figures.sentSeconds > 0 {
                state.status.state = figures.stillSeconds > Self.stalledSeconds ? "stalled" : "sending"
            }
            if let words = figures.lastWords { state.status.trouble = words }
            state.status.sentBytes = figures.sentBytes
            if let last = state.samples.last, figures.sentBytes < last.bytes { state.samples = [] }
            if state.samples.last.map({ now - $0.at > 0.5 }) ?? true { state.samples.append((now, figures.sentBytes)) }
            state.samples.removeAll { now - $0.at > 10 }
            if let first = state.samples.first, let last = state.samples.last, last.at > first.at {
                state.status.bitsPerSecond = Double(last.bytes - first.bytes) * 8 / (last.at - first.at)
            }
        }
    }

    private func set(state name: String) { state.withLock { $0.status.state = name } }

    private func pause(seconds: Double) {
        _ = state.wait(timeoutSeconds: seconds) { $0.stopping ? true : nil }
    }
}
