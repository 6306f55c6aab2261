public import Config
internal import Domain
public import IPC
internal import Platform

/// The dashboard process: serves the page, and asks the supervisor for the figures.
public final class DashboardRole: Sendable {
    private let config: StationConfig
    private let paths: StationPaths
    private let link: WorkerLink
    private let latest = Monitor<StationStatus?>(nil)

    public init(config: StationConfig, paths: StationPaths, link: WorkerLink) {
        self.config = config
        self.paths = paths
        self.link = link
    }

    /// Serves until the link says stop.
    /// - Throws: when the port is taken, or the address cannot be bound.
    public func serve() throws {
        let server = DashboardServer(
            host: config.dashboard.host, port: config.dashboard.port, hlsDirectory: paths.hlsDirectory,
            bands: config.buffer.bands
        ) { [latest] in latest.read { $0 } }
        let address = Monitor("starting")
        NamedThread.start("figures") { [self] in
            var turns = 0
            repeat {
                // One question a second serves every viewer.
                let status = link.stationStatus()
                latest.withLock { $0 = status }
                turns += 1
                link.report(WorkerReport(progress: turns, activity: address.read { $0 }))
            } while !link.stop.wait(seconds: 1)
            Task { await server.stop() }
        }
        // The server is asynchronous and the process's main thread is not: it waits here for the server's end.
        let ended = Monitor<Result<Void, any Error>?>(nil)
        Task {
            let result: Result<Void, any Error>
            do {
                try await server.run { [self] port in
                    let url = "http://\(config.dashboard.host):\(port)/"
                    address.withLock { $0 = "serving \(url)" }
                    Log.info("listen and watch at \(url)")
                    link.ready()
                }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            ended.withLock { $0 = result }
        }
        while true {
            if let result = ended.wait(timeoutSeconds: 60, until: { $0 }) { return try result.get() }
        }
    }
}
