public import Domain
internal import HTTPServing

/// The dashboard's web server: one page, the status as JSON and as server-sent events, and the local HLS to listen to.
///
/// One life per value: `run` once, `stop` once.
public final class DashboardServer: Sendable {
    private let server: WebServer
    /// Between two readings of the status.
    private let beatSeconds: Double
    private let hub: StatusHub

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
        self.beatSeconds = beatSeconds
        hub = StatusHub(status: status)
        server = WebServer(
            host: host, port: port, limits: limits,
            handler: Endpoints(
                hosts: HostRule(boundHost: host), page: PageFiles(bands: bands), hls: HLSFiles(directory: hlsDirectory),
                hub: hub))
    }

    /// Serves until `stop` or until the task is cancelled; then returns.
    /// - Parameter ready: called once, with the port it listens on.
    /// - Throws: `ListenError`.
    public func run(ready: @escaping @Sendable (Int) -> Void) async throws {
        hub.refresh()
        let beat = Ticker(name: "status", seconds: beatSeconds) { [hub] in hub.refresh() }
        defer {
            beat.stop()
            hub.finish()
        }
        try await server.run(ready: ready)
    }

    /// Ends `run`: closes the port and every connection.
    public func stop() async {
        // Ends the event streams first, which would otherwise wait for their next second.
        hub.finish()
        await server.stop()
    }

    /// How many event streams are open.
    var openEventStreams: Int { hub.subscriberCount }
}
