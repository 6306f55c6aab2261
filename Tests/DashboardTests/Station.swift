import Domain
import HTTPServing
import Synchronization

@testable import Dashboard

/// A status that a test changes under the server's eyes.
final class Station: Sendable {
    private let current: Mutex<StationStatus?>

    init(_ status: StationStatus? = .make()) { current = Mutex(status) }

    var status: StationStatus? {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}

extension StationStatus {
    static func make(
        onAir: Bool = true, sentence: String = "On the air for 3 h 12 min.", title: String = "Rain on the veranda"
    ) -> StationStatus {
        StationStatus(
            version: "0.1.0", mode: .full, uptimeSeconds: 11_540, onAir: onAir, sentence: sentence,
            nowPlaying: NowPlaying(
                title: title, promptIndex: 3, number: 214, source: .buffer, elapsedSeconds: 22.4, seconds: 60),
            upNext: [
                UpcomingTrack(number: 215, promptIndex: 3, title: "Rain on the veranda", seconds: 60),
                UpcomingTrack(number: 216, promptIndex: 4, title: "Midnight chai", seconds: 60),
                UpcomingTrack(number: 217, promptIndex: 4, title: "Midnight chai", seconds: 60),
            ],
            buffer: BufferSummary(
                health: .warning, hours: 14.6, targetHours: 36, readyTracks: 876, diskFreeBytes: 41_300_000_000),
            generation: GenerationSummary(
                backend: "synth", activity: "Composing track 1091", progress: 0.42, realTimeFactor: 38.2,
                tracksMade: 1090, tracksRefused: 2),
            workers: [
                WorkerStatus(
                    name: "encoder", state: "running", pid: 4101, uptimeSeconds: 11_538, residentBytes: 93_000_000,
                    cpuPercent: 11.5, activity: "Sending to 2 destinations"),
                WorkerStatus(
                    name: "feeder", state: "running", pid: 4102, restarts: 1, uptimeSeconds: 5_120,
                    residentBytes: 21_000_000, cpuPercent: 0.8, lastExit: "signal 9 (Killed)", activity: "Track 214"),
                WorkerStatus(
                    name: "generator/2", state: "backing-off", restarts: 4, lastExit: "exit 75: the disk is full"),
            ],
            destinations: [
                DestinationStatus(
                    name: "youtube", state: "sending", sentBytes: 3_900_000_000, bitsPerSecond: 2_680_000),
                DestinationStatus(
                    name: "icecast", state: "waiting", sentBytes: 120_000_000, reconnects: 3,
                    trouble: "connection refused, retrying in 8 s"),
            ],
            forecast: BufferForecast(
                kind: .empties, sentence: "empty in 25 h", hours: 25.2, rate: -0.58, confidence: .good,
                advice: "never ahead: add fallback or a renderer"))
    }
}

extension DashboardServer {
    /// On a free port, with a quicker beat than the station's, so that tests wait less.
    convenience init(
        port: Int = 0, hlsDirectory: String = "/nonexistent", limits: ConnectionLimits = ConnectionLimits(),
        _ station: Station
    ) {
        self.init(
            host: "127.0.0.1", port: port, hlsDirectory: hlsDirectory, bands: HealthBands(), limits: limits,
            beatSeconds: 0.2
        ) { station.status }
    }
}

/// Runs a dashboard on a free port for as long as `body` lasts.
func withDashboard(
    _ station: Station = Station(), hlsDirectory: String = "/nonexistent",
    _ body: @escaping @Sendable (Int) async throws -> Void
) async throws {
    try await withRunning(DashboardServer(hlsDirectory: hlsDirectory, station), body)
}

/// Runs `server` for as long as `body` lasts.
func withRunning(_ server: DashboardServer, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    let (ports, announce) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { announce.finish() }
            try await server.run { announce.yield($0) }
        }
        group.addTask {
            for await port in ports {
                do {
                    try await body(port)
                } catch {
                    await server.stop()
                    throw error
                }
                break
            }
            await server.stop()
        }
        for try await _ in group {}
    }
}
