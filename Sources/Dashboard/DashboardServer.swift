public import Domain
internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Glibc
internal import Synchronization

/// The dashboard's web server: one page, the status as JSON and as server-sent events, and the local HLS to listen to.
///
/// One life per value: `run` once, `stop` once.
public final class DashboardServer: Sendable {
    private let host: String
    private let port: Int
    private let bands: HealthBands
    private let hlsDirectory: String
    private let limits: ConnectionLimits
    /// Between two readings of the status.
    private let beatSeconds: Double
    private let hub: StatusHub
    private let life = Mutex(Life())

    private struct Life {
        var stopped = false
        var server: HTTPServer?
        /// There from the moment it listens.
        var warden: Ticker?
    }

    /// - Parameters:
    ///   - host: a numeric address of this machine, or `localhost`.
    ///   - port: 0 for any free one.
    ///   - hlsDirectory: where the encoder writes `live.m3u8` and its segments; it may come and go.
    ///   - bands: the thresholds the page draws below the Buffer's hours.
    ///   - status: asked once a second on a thread of its own, however many look; it may block for as long as a
    ///     second. nil: the supervisor does not answer.
    public convenience init(
        host: String, port: Int, hlsDirectory: String, bands: HealthBands = HealthBands(),
        status: @escaping @Sendable () -> StationStatus?
    ) {
        self.init(
            host: host, port: port, hlsDirectory: hlsDirectory, bands: bands, limits: ConnectionLimits(),
            beatSeconds: 1, status: status
        )
    }

    init(
        host: String, port: Int, hlsDirectory: String, bands: HealthBands, limits: ConnectionLimits,
        beatSeconds: Double, status: @escaping @Sendable () -> StationStatus?
    ) {
        self.host = host
        self.port = port
        self.bands = bands
        self.hlsDirectory = hlsDirectory
        self.limits = limits
        self.beatSeconds = beatSeconds
        self.hub = StatusHub(status: status)
    }

    /// Serves until `stop` or until the task is cancelled; then returns.
    /// - Parameter ready: called once, with the port it listens on.
    /// - Throws: `DashboardError`.
    public func run(ready: @escaping @Sendable (Int) -> Void) async throws {
        guard let number = UInt16(exactly: port) else { throw DashboardError.portOutOfRange(port) }
        let endpoints = Endpoints(
            hosts: HostRule(boundHost: host), page: PageFiles(bands: bands), hls: HLSFiles(directory: hlsDirectory),
            hub: hub)
        let server = HTTPServer(config: try configuration(port: number), handler: endpoints)
        let mayRun = life.withLock {
            guard !$0.stopped, $0.server == nil else { return false }
            $0.server = server
            return true
        }
        guard mayRun else { return }
        hub.refresh()
        let beat = Ticker(name: "status", seconds: beatSeconds) { [hub] in hub.refresh() }
        defer {
            beat.stop()
            life.withLock { $0.warden?.stop() }
            hub.finish()
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                group.addTask { try await self.listening(server, ready: ready) }
                for try await _ in group {}
            }
        } catch {
            let state = life.withLock { (stopped: $0.stopped, listened: $0.warden != nil) }
            if state.stopped || Task.isCancelled { return }
            throw Self.named(error, host: host, port: port, listened: state.listened)
        }
    }

    private func listening(_ server: HTTPServer, ready: @Sendable (Int) -> Void) async throws {
        try await server.waitUntilListening(timeout: 10)
        guard let port = await Self.port(of: server) else { return }
        let warden = ConnectionWarden(port: port, limits: limits)
        let ticker = Ticker(name: "warden", seconds: limits.sweepSeconds) { warden.sweep() }
        life.withLock { $0.warden = ticker }
        ready(port)
    }

    /// Ends `run`: closes the port and every connection.
    public func stop() async {
        let server = life.withLock {
            $0.stopped = true
            return $0.server
        }
        // Ends the event streams first, which would otherwise wait for their next second.
        hub.finish()
        await server?.stop(timeout: 0)
    }

    /// How many event streams are open.
    var openEventStreams: Int { hub.subscriberCount }

    private func configuration(port: UInt16) throws -> HTTPServer.Configuration {
        // A request body is never wanted, so none is kept: 4 KiB is the least that FlyingFox reads by itself.
        func configuration(_ address: some SocketAddress) -> HTTPServer.Configuration {
            HTTPServer.Configuration(
                address: address, timeout: limits.handlerSeconds, sharedRequestBufferSize: 4096,
                sharedRequestReplaySize: 4096, logger: DisabledLogger.disabled)
        }
        let numeric = host == "localhost" ? "127.0.0.1" : host
        if let address = try? sockaddr_in.inet(ip4: numeric, port: port) { return configuration(address) }
        if let address = try? sockaddr_in6.inet6(ip6: numeric, port: port) { return configuration(address) }
        throw DashboardError.hostNotUsable(host: host, port: Int(port), reason: "\(host) is no IP address")
    }

    private static func port(of server: HTTPServer) async -> Int? {
        switch await server.listeningAddress {
        case .ip4(_, let port), .ip6(_, let port): Int(port)
        case .unix, nil: nil
        }
    }

    private static func named(_ error: any Error, host: String, port: Int, listened: Bool) -> DashboardError {
        guard case SocketError.failed(_, let code, let message) = error else {
            return .stoppedListening(host: host, port: port, reason: error.localizedDescription)
        }
        if code == EADDRINUSE { return .portOccupied(host: host, port: port) }
        if listened { return .stoppedListening(host: host, port: port, reason: message) }
        return .hostNotUsable(host: host, port: port, reason: message)
    }
}
