internal import Backends
public import Config
internal import Glibc
internal import HTTPServing
public import Platform

/// The render server: the station's backends behind HTTP, for stations elsewhere.
public final class RenderServerRole: Sendable {
    private let config: StationConfig
    private let paths: StationPaths
    private let environment: [String: String]
    private let clock: any StationClock

    public init(
        config: StationConfig, paths: StationPaths, environment: [String: String],
        clock: any StationClock = SystemClock()
    ) {
        self.config = config
        self.paths = paths
        self.environment = environment
        self.clock = clock
    }

    /// A client may take this long over a job's body, and be silent while it waits for a change.
    private static let limits = ConnectionLimits(
        connectionsMax: 256, requestBytesMax: JobRules.bodyBytesMax + (64 << 10),
        requestSecondsMax: RenderEndpoints.waitSecondsMax + 15, stalledSecondsMax: 30, idleSecondsMax: 60,
        handlerSeconds: RenderEndpoints.waitSecondsMax + 10)

    /// Serves until `stop` is given; then ends what is under way, which waits for the next start.
    /// - Parameter ready: called once, with the port it listens on.
    /// - Throws: `ConfigError`, `RenderServerError`, `BackendError`, `ListenError`, `SystemError`, `ToolError`.
    public func serve(stop: StopSignal, ready: @escaping @Sendable (Int) -> Void) throws {
        let server = config.renderServer
        let token = try server.token(environment: environment)
        let directory = server.directory ?? paths.stateDirectory + "/render"
        try Files.makeDirectory(directory)
        guard let lock = try FileLock.attempt(directory + "/lock") else {
            throw RenderServerError.directoryTaken(directory)
        }
        defer { withExtendedLifetime(lock) {} }
        let store = try JobStore(directory: directory)
        let board = try JobBoard(
            store: store,
            limits: JobBoard.Limits(
                queueTracksMax: server.queueTracksMax, diskBytesMax: server.diskMax.bytes,
                keepSeconds: server.keepHours * 3600), clock: clock)
        try board.removeOld()
        let chain = try makeChain()
        let loop = RenderLoop(
            board: board, store: store, chain: chain,
            checksum: try Checksum(searchPath: environment["PATH"] ?? ""), batchMax: config.generator.batchMax,
            unloadAfterSeconds: config.generator.unloadAfterSeconds, clock: clock, stop: stop)
        let web = WebServer(
            host: server.host, port: server.port, limits: Self.limits,
            handler: RenderEndpoints(
                token: TokenCheck(token: token?.revealed), hosts: HostRule(boundHost: server.host), board: board,
                health: { Self.health(board: board, chain: chain, names: server.backends, loop: loop) }, clock: clock))
        let rendering = Monitor(true)
        NamedThread.start("render") {
            loop.run()
            rendering.withLock { $0 = false }
        }
        let beat = Ticker(name: "board", seconds: 0.5) { board.announce() }
        let sweep = Ticker(name: "old jobs", seconds: 30) {
            do { try board.removeOld() } catch { Log.warning("\(error)") }
        }
        defer {
            stop.give(reason: "the server has ended")
            board.stop()
            beat.stop()
            sweep.stop()
            // Its backends are processes of their own, which are to end before this one.
            _ = rendering.wait(timeoutSeconds: 15) { $0 ? nil : true }
        }
        NamedThread.start("stop") {
            while !stop.wait(seconds: 3600) {}
            board.stop()
            Task { await web.stop() }
        }
        try Self.waiting { try await web.run(ready: ready) }
    }

    private func makeChain() throws -> BackendChain {
        let catalogue = BackendCatalogue(config: config, paths: paths, environment: environment, clock: clock)
        var backends: [any MusicBackend] = []
        for name in config.renderServer.backends { backends.append(try catalogue.backend(named: name)) }
        return try BackendChain(names: config.renderServer.backends, catalogue: backends, clock: clock)
    }

    /// Runs what is asynchronous; this thread waits for its end.
    private static func waiting(_ work: @escaping @Sendable () async throws -> Void) throws {
        let ended = Monitor<Result<Void, any Error>?>(nil)
        Task {
            let result: Result<Void, any Error>
            do {
                try await work()
                result = .success(())
            } catch { result = .failure(error) }
            ended.withLock { $0 = result }
        }
        while true {
            if let result = ended.wait(timeoutSeconds: 60, until: { $0 }) { return try result.get() }
        }
    }

    private static func health(
        board: JobBoard, chain: BackendChain, names: [String], loop: RenderLoop
    ) -> RendererHealth {
        let states = chain.states
        let backends = names.compactMap { name -> RendererHealth.Backend? in
            guard let description = chain.description(of: name) else { return nil }
            let state = states.first { $0.name == name }
            return RendererHealth.Backend(
                name: name, model: description.model, licence: description.licence,
                nonCommercial: description.nonCommercial, batchMax: description.batchMax,
                continues: description.continues, restSeconds: state?.restSeconds ?? 0, why: state?.why)
        }
        let current = chain.current?.describe()
        var health = RendererHealth(alive: true)
        health.backends = backends
        health.batchMax = current?.batchMax ?? 0
        health.continues = current?.continues ?? false
        health.licence = backends.compactMap(\.licence).first
        health.nonCommercial = backends.contains(where: \.nonCommercial)
        health.queueTracks = board.queuedTracks
        health.queueTracksMax = board.queueTracksMax
        health.realTimeFactor = loop.measuredSpeed
        health.memoryBytes =
            (ProcessFigures(pid: getpid())?.residentBytes ?? 0) + (current?.memoryBytes ?? 0)
        return health
    }
}
