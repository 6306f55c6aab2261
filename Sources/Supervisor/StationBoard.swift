internal import Domain
internal import IPC

/// Puts what the workers report together into one status.
struct StationBoard {
    private var reports: [WorkerName: WorkerReport] = [:]

    mutating func note(_ report: WorkerReport, from worker: WorkerName) { reports[worker] = report }
    /// A dead worker's figures are not the station's any more.
    mutating func forget(_ worker: WorkerName) { reports[worker] = nil }

    func activity(of worker: WorkerName) -> String? { reports[worker]?.activity }
    func progress(of worker: WorkerName) -> Int? { reports[worker]?.progress }

    var bufferHealth: BufferHealth? { buffer?.health }

    var buffer: BufferSummary? {
        reports[WorkerName(.feeder)]?.buffer ?? reports.first { $0.key.role == .generator }?.value.buffer
    }

    /// What the generators, first one first, say of themselves.
    var generation: [GenerationSummary] {
        reports.filter { $0.key.role == .generator }.sorted { $0.key.index < $1.key.index }
            .compactMap(\.value.generation)
    }

    /// The status as of now.
    /// - Parameter workers: the table of processes, in the order in which it is to be shown.
    func status(
        version: String, mode: StationMode, uptimeSeconds: Double, workers: [WorkerStatus], load: LoadStatus?,
        forecast: BufferForecast? = nil
    ) -> StationStatus {
        let encoder = reports[WorkerName(.encoder)]
        let feeder = reports[WorkerName(.feeder)]
        let generators = reports.filter { $0.key.role == .generator }.sorted { $0.key.index < $1.key.index }.map(
            \.value)
        let buffer = feeder?.buffer ?? generators.compactMap(\.buffer).first
        let onAir = encoder?.onAir ?? false
        return StationStatus(
            version: version, mode: mode, uptimeSeconds: uptimeSeconds, onAir: onAir,
            sentence: sentence(
                mode: mode, onAir: onAir, playing: encoder?.nowPlaying, buffer: buffer, generators: generators.count,
                workers: workers, isThrottled: (load?.throttleLevel ?? 0) > 0),
            nowPlaying: encoder?.nowPlaying,
            // What plays is still on the Buffer, and what is in the cushion has not been heard.
            upNext: (feeder?.upNext ?? []).filter { $0.number > encoder?.nowPlaying?.number ?? 0 }, buffer: buffer,
            generation: Self.sum(generators.compactMap(\.generation)), workers: workers,
            destinations: encoder?.destinations ?? [], load: load, forecast: forecast)
    }

    private func sentence(
        mode: StationMode, onAir: Bool, playing: NowPlaying?, buffer: BufferSummary?, generators: Int,
        workers: [WorkerStatus], isThrottled: Bool
    ) -> String {
        var parts: [String] = []
        if mode == .generatorOnly {
            parts.append("filling the buffer")
        } else if let playing, onAir {
            parts.append("on air: " + (playing.betweenPrompts ? "the silence before \(playing.title)" : playing.title))
        } else {
            let encoder = reports[WorkerName(.encoder)]?.activity
            parts.append("not on air: " + (encoder ?? "the encoder is not running"))
        }
        if let buffer {
            let hours = (buffer.hours * 10).rounded() / 10
            parts.append("buffer \(hours) h \(buffer.health.rawValue)")
        }
        if generators > 0 { parts.append(generators == 1 ? "1 generator" : "\(generators) generators") }
        if isThrottled { parts.append("held back for the load") }
        let down = workers.filter { ["backing-off", "quarantined", "held"].contains($0.state) }.map(\.name)
        if !down.isEmpty { parts.append("down: " + down.joined(separator: ", ")) }
        return parts.joined(separator: ", ")
    }

    private static func sum(_ all: [GenerationSummary]) -> GenerationSummary? {
        guard var total = all.first else { return nil }
        for other in all.dropFirst() {
            total.tracksMade += other.tracksMade
            total.tracksRefused += other.tracksRefused
            total.progress = [total.progress, other.progress].compactMap { $0 }.max()
            if let one = total.realTimeFactor, let another = other.realTimeFactor {
                total.realTimeFactor = one + another
            }
        }
        if all.count > 1 { total.activity = all.map(\.activity).joined(separator: "; ") }
        return total
    }
}
