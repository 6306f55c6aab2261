public import Config
internal import Domain
internal import FoundationEssentials
public import Platform

/// Music from other machines: every renderer of the configuration that is well, at the same time.
///
/// Each track is a job of its own whose name follows from what is asked for, so that asking again, after a crash or
/// elsewhere, is the same job. A renderer may go away at any moment: what it had taken is asked for elsewhere.
public final class RemoteBackend: MusicBackend {
    public static let name = "remote"
    public var name: String { Self.name }

    private let renderers: [Renderer]
    private let directory: String
    private let monetised: Bool
    private let environment: [String: String]
    private let clock: any StationClock
    private let patience: Courier.Patience
    private let ledger = Monitor<JobLedger?>(nil)
    /// Jobs whose tracks the caller has, and perhaps not kept yet: they stay with the renderers until the next batch,
    /// so that a crash in between costs a download only.
    private let handedOver = Monitor<[String]>([])

    /// - Parameters:
    ///   - directory: kept; made when it is needed.
    ///   - monetised: renderers whose licence forbids that are passed over.
    ///   - environment: the process's own, for `$PATH` and `$CREDENTIALS_DIRECTORY`.
    public convenience init(
        renderers: [RendererConfig], directory: String, monetised: Bool, environment: [String: String],
        clock: any StationClock = SystemClock()
    ) {
        self.init(
            renderers: renderers, directory: directory, monetised: monetised, environment: environment, clock: clock,
            patience: Courier.Patience(), schedule: BreakerSchedule(firstRestSeconds: 5, restSecondsMax: 300))
    }

    init(
        renderers: [RendererConfig], directory: String, monetised: Bool, environment: [String: String],
        clock: any StationClock, patience: Courier.Patience, schedule: BreakerSchedule
    ) {
        self.renderers = renderers.compactMap { RendererClient(config: $0, environment: environment) }
            .map { Renderer(client: $0, schedule: schedule, clock: clock) }
        self.directory = directory
        self.monetised = monetised
        self.environment = environment
        self.clock = clock
        self.patience = patience
    }

    public func describe() -> BackendDescription {
        let all = allowed.compactMap { renderer in renderer.health.map { (renderer, $0) } }
        let usable = all.filter { $0.0.isUsable }
        let told = usable.isEmpty ? all : usable
        let models = Set(told.flatMap { $0.1.backends ?? [] }.map(\.model)).sorted()
        let speeds = usable.compactMap { $0.0.speed ?? $0.1.realTimeFactor }
        return BackendDescription(
            model: models.isEmpty ? "renderers elsewhere" : models.joined(separator: ", "),
            licence: told.compactMap(\.1.licence).sorted().first,
            nonCommercial: told.contains { $0.1.nonCommercial ?? false },
            batchMax: min(64, max(1, usable.reduce(0) { $0 + max(2, $1.0.batchMax) })),
            continues: usable.contains { $0.0.continues },
            realTimeFactorExpected: speeds.isEmpty ? nil : speeds.reduce(0, +))
    }

    public func prepare(cancellation: Cancellation) throws {
        _ = try openLedger()
        refresh(maxAgeSeconds: 0, cancellation)
        if cancellation.isCancelled { throw BackendError.cancelled }
        if allowed.allSatisfy({ !$0.isUsable }) { throw noneUsable }
    }

    public func render(
        _ requests: [TrackRequest], into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void, onTrack: (Int, Result<RenderedTrack, BackendError>) -> Void
    ) throws {
        let ledger = try openLedger()
        let checksum = try Checksum(searchPath: environment["PATH"] ?? "")
        refresh(maxAgeSeconds: 10, cancellation)
        if cancellation.isCancelled { throw BackendError.cancelled }
        let usable = allowed.filter(\.isUsable)
        if usable.isEmpty { throw noneUsable }
        let items = requests.map { RemoteJob.item(for: $0, station: ledger.station) }
        try takeLeave(ledger, wanted: items)
        let round = self.round(items, usable, ledger)
        for renderer in usable {
            let courier = Courier(
                backend: name, renderer: renderer, round: round, ledger: ledger, checksum: checksum,
                directory: directory, cancellation: cancellation, clock: clock, patience: patience)
            NamedThread.start(renderer.name) { courier.run() }
        }
        var reported = 0
        func report(_ events: [RemoteRound.Event]) {
            for event in events {
                reported += 1
                switch event {
                case .track(let place, let track):
                    handedOver.withLock { $0.append(items[place].job) }
                    onTrack(place, .success(track))
                case .failed(let place, let why):
                    onTrack(place, .failure(.requestFailed(backend: name, why: why)))
                }
            }
        }
        while !cancellation.isCancelled, let news = round.news() {
            report(news.events)
            progress(news.progress)
        }
        round.end()
        // Files in the directory are the caller's again only when nobody writes there.
        round.waitUntilAllLeft()
        report(round.lastEvents())
        if reported == requests.count { return }
        if cancellation.isCancelled { throw BackendError.cancelled }
        throw noneUsable
    }

    public func close() { ledger.withLock { $0 = nil } }

    // MARK: -

    /// What was handed over before is not needed there any more, and neither is what nobody asks for now.
    private func takeLeave(_ ledger: JobLedger, wanted items: [RemoteRound.Item]) throws {
        let wanted = Dictionary(items.map { ($0.request.number, $0.job) }, uniquingKeysWith: { one, _ in one })
        let done = handedOver.withLock { jobs in
            defer { jobs = [] }
            return jobs.filter { job in !wanted.values.contains(job) }
        }
        for job in done { try ledger.spend(job) }
        try ledger.sweep(wanted: wanted)
    }

    private func round(_ items: [RemoteRound.Item], _ usable: [Renderer], _ ledger: JobLedger) -> RemoteRound {
        var pinned: [Int: String] = [:]
        var turns: [Int: String] = [:]
        for (place, item) in items.enumerated() {
            pinned[place] = ledger.renderer(of: item.job)
            turns[item.request.turn] = ledger.renderer(ofTurn: item.request.turn)
        }
        let hands = usable.map {
            RemoteRound.Hand(name: $0.name, batchMax: $0.batchMax, speed: $0.speed, continues: $0.continues)
        }
        return RemoteRound(items: items, hands: hands, pinned: pinned, turns: turns)
    }

    /// Those that this station may use, as far as they have said.
    private var allowed: [Renderer] { renderers.filter { !(monetised && $0.health?.nonCommercial ?? false) } }

    /// Asks all at the same time how they are.
    private func refresh(maxAgeSeconds: Double, _ cancellation: Cancellation) {
        let left = Monitor(renderers.count)
        for renderer in renderers {
            NamedThread.start(renderer.name) {
                renderer.refresh(maxAgeSeconds: maxAgeSeconds) { cancellation.isCancelled }
                left.withLock { $0 -= 1 }
            }
        }
        while left.wait(timeoutSeconds: 5, until: { $0 == 0 ? true : nil }) == nil {}
    }

    private var noneUsable: BackendError {
        if renderers.isEmpty {
            return .notInstalled(backend: name, why: "there is no renderer: add a [[renderers]] to the configuration")
        }
        let reports = renderers.map { renderer in
            let isBarred = monetised && renderer.health?.nonCommercial ?? false
            return "\(renderer.name): "
                + (isBarred ? "its licence forbids a monetised channel" : renderer.why ?? "it has nothing to say")
        }
        return .failed(backend: name, why: "no renderer can compose: \(reports.joined(separator: "; "))")
    }

    private func openLedger() throws -> JobLedger {
        try ledger.withLock { known in
            if let known { return known }
            let made = try JobLedger(directory: directory)
            known = made
            return made
        }
    }
}

/// What a track is called at a renderer.
enum RemoteJob {
    /// The same request of the same station is the same job, in any life of this process and at any renderer.
    static func item(for request: TrackRequest, station: String) -> RemoteRound.Item {
        let wanted = RenderJobRequest(items: [
            RenderItem(
                id: "\(request.number)",
                prompt: RenderItem.Prompt(
                    index: request.prompt.index, name: request.prompt.name, text: request.prompt.text),
                seconds: request.seconds, seed: "\(request.seed)", turn: "\(station)-\(request.turn)",
                position: request.positionInPrompt, continues: request.continues)
        ])
        let told = (try? StationJSON.encode(wanted)) ?? Data()
        let key = Array("\(station) ".utf8) + told
        let name = hash(key, from: 0xcbf2_9ce4_8422_2325) + hash(key.reversed(), from: 0x8422_2325_cbf2_9ce4)
        return RemoteRound.Item(request: request, job: "\(request.number)-\(name)", wanted: wanted)
    }

    /// FNV-1a (Fowler, Noll, Vo), with a last mix. A renderer compares the whole request besides.
    private static func hash(_ bytes: [UInt8], from start: UInt64) -> String {
        var hash = start
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash ^= hash >> 32
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
