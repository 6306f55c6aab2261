internal import Config
internal import Domain
internal import Platform
internal import Synchronization

/// Everything the stream goes out to: the station's own HLS and the operator's destinations, which can change while
/// the station is on the air.
final class Outlets: Sendable {
    private struct Outlet {
        /// Nil for the station's own HLS.
        let destination: Destination?
        let relay: Relay
    }

    private struct State {
        var wanted: [Destination]
        var isOpen = false
        var outlets: [Outlet] = []
    }

    private let makeRelay: @Sendable (Destination?) -> Relay
    private let clock: any StationClock
    private let state: Monitor<State>
    /// Held during a change, which takes seconds; `state` is free meanwhile for whoever asks how things are.
    private let changing = Mutex(())

    // A relay gives its ffmpeg three seconds to end cleanly.
    private static let closeSecondsMax = 4.0

    /// - Parameters:
    ///   - destinations: as configured, those that are not enabled included.
    ///   - makeRelay: makes the relay to a destination, or to the station's own HLS for nil.
    init(
        _ destinations: [Destination], clock: any StationClock, makeRelay: @escaping @Sendable (Destination?) -> Relay
    ) {
        self.makeRelay = makeRelay
        self.clock = clock
        state = Monitor(State(wanted: destinations.filter(\.enabled)))
    }

    var statuses: [DestinationStatus] { state.read { $0.outlets.map(\.relay.status) } }

    /// Starts a relay to each, unless that was done.
    func open() {
        changing.withLock { _ in
            let (isOpen, wanted) = state.read { ($0.isOpen, $0.wanted) }
            if isOpen { return }
            let outlets = ([nil] + wanted).map(start)
            state.withLock {
                $0.isOpen = true
                $0.outlets = outlets
            }
        }
    }

    /// Ends each connection cleanly, within a bound.
    func close() {
        changing.withLock { _ in
            end(state.read { $0.outlets })
            state.withLock {
                $0.isOpen = false
                $0.outlets = []
            }
        }
    }

    /// Has the stream go to `destinations` from now on. The connection to one that is there already and is meant to be
    /// just as it was is left alone.
    func replace(with destinations: [Destination]) {
        changing.withLock { _ in
            let wanted = destinations.filter(\.enabled)
            let (isOpen, outlets, before) = state.withLock { state in
                defer { state.wanted = wanted }
                return (state.isOpen, state.outlets, state.wanted)
            }
            for destination in before where !wanted.contains(destination) {
                Log.info("destination \(destination.name): closed, the configuration has changed")
            }
            guard isOpen else { return }
            // First: of two publishers with the same key a server may refuse the second.
            end(outlets.filter { outlet in outlet.destination.map { !wanted.contains($0) } ?? false })
            let replaced = ([nil] + wanted).map { destination in
                if let kept = outlets.first(where: { $0.destination == destination }) { return kept }
                Log.info("destination \(destination?.name ?? ""): opened, the configuration has changed")
                return start(destination)
            }
            state.withLock { $0.outlets = replaced }
        }
    }

    private func start(_ destination: Destination?) -> Outlet {
        let relay = makeRelay(destination)
        relay.start()
        return Outlet(destination: destination, relay: relay)
    }

    private func end(_ outlets: [Outlet]) {
        for outlet in outlets { outlet.relay.stop() }
        let deadline = clock.monotonicSeconds + Self.closeSecondsMax
        for outlet in outlets {
            outlet.relay.waitUntilStopped(timeoutSeconds: max(0, deadline - clock.monotonicSeconds))
        }
    }
}

extension RelayTarget {
    /// What it takes to connect to `destination`.
    init(_ destination: Destination, environment: [String: String], clock: any StationClock) {
        let recordings = RecordingNames(path: destination.url, clock: clock)
        let key = DestinationKey(of: destination.name) { try destination.key(environment: environment) }
        self.init(name: destination.name) {
            if destination.kind == .file {
                return Connection(output: FFmpegArguments.output(file: recordings.next()))
            }
            let key = try key.current()
            return Connection(
                output: FFmpegArguments.output(for: destination),
                preset: key.map { FFmpegArguments.preset(for: destination, key: $0) },
                secrets: key.map { [$0.revealed, $0.percentEncoded] } ?? [])
        }
    }
}
