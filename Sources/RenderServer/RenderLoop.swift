internal import Backends
internal import Domain
internal import Glibc
internal import Platform

/// Renders what the board has, batch after batch, on one thread.
final class RenderLoop: Sendable {
    private let board: JobBoard
    private let store: JobStore
    private let chain: BackendChain
    private let checksum: Checksum
    private let batchMax: Int
    private let unloadAfterSeconds: Double
    private let clock: any StationClock
    private let stop: StopSignal
    /// Seconds of music a second, a moving figure over about the last five batches; nil until one was made.
    private let speed = Monitor<Double?>(nil)

    private struct Memory {
        var number = 0
        var idleSince: Double?
        var isReleased = true
    }

    init(
        board: JobBoard, store: JobStore, chain: BackendChain, checksum: Checksum, batchMax: Int,
        unloadAfterSeconds: Double, clock: any StationClock, stop: StopSignal
    ) {
        self.board = board
        self.store = store
        self.chain = chain
        self.checksum = checksum
        self.batchMax = batchMax
        self.unloadAfterSeconds = unloadAfterSeconds
        self.clock = clock
        self.stop = stop
    }

    var measuredSpeed: Double? { speed.read { $0 } }

    /// Works until the signal to stop.
    func run() {
        var memory = Memory()
        while !stop.isGiven {
            do {
                let most = min(batchMax, max(1, chain.current?.describe().batchMax ?? 1))
                if let pieces = board.nextBatch(upTo: most, timeoutSeconds: 5) {
                    memory.idleSince = nil
                    memory.isReleased = false
                    try render(pieces, &memory)
                } else {
                    rest(&memory)
                }
            } catch {
                Log.warning("\(error); trying again in 5 s")
                stop.wait(seconds: 5)
            }
        }
        chain.close()
    }

    private func rest(_ memory: inout Memory) {
        let now = clock.monotonicSeconds
        let since = memory.idleSince ?? now
        memory.idleSince = since
        if !memory.isReleased, now - since >= unloadAfterSeconds {
            chain.release()
            memory.isReleased = true
        }
    }

    private func render(_ pieces: [JobBoard.Piece], _ memory: inout Memory) throws {
        let cancellation = Cancellation()
        let directory = "\(store.workDirectory)/\(memory.number)"
        try Files.makeDirectory(directory)
        defer { try? Files.removeTree(directory) }
        let requests = pieces.enumerated().map { $0.element.item.trackRequest(number: memory.number + $0.offset) }
        memory.number += pieces.count
        try board.begin(pieces, cancellation: cancellation)
        defer { do { try board.end() } catch { Log.warning("\(error)") } }
        let began = clock.monotonicSeconds
        var made = 0.0
        do throws(BackendError) {
            try chain.render(
                requests, into: directory, cancellation: cancellation,
                progress: { [board] in board.progress($0) },
                onFallback: { Log.warning("backend \($0.name) rests: \($0.why ?? "it failed")") },
                onTrack: { place, result in
                    made += self.take(result, pieces[place])
                })
        } catch {
            if case .cancelled = error { return }
            throw error
        }
        if made > 0 { note(made, since: began) }
    }

    /// Hands one result to the board. Returns the seconds of music it is.
    private func take(_ result: Result<RenderedTrack, BackendError>, _ piece: JobBoard.Piece) -> Double {
        do {
            let track: RenderedTrack
            switch result {
            case .success(let made): track = made
            case .failure(let error):
                Log.warning("job \(piece.job), item \(piece.item.id): \(error)")
                try board.failed(piece, why: "\(error)")
                return 0
            }
            let file = try FileDescriptor.open(track.file, O_RDONLY | O_NOFOLLOW)
            let sha256 = try checksum.sha256(of: .descriptor(file))
            guard let bytes = try Files.stamp(track.file)?.bytes, bytes > 0 else {
                try board.failed(piece, why: "the backend \(track.provenance.backend) left an empty file")
                return 0
            }
            let origin = track.provenance
            let facts = RenderedFile(
                id: piece.item.id, bytes: bytes, sha256: sha256, seconds: piece.item.seconds, title: track.title,
                continued: track.continued,
                provenance: RenderProvenance(
                    backend: origin.backend, model: origin.model, licence: origin.licence,
                    nonCommercial: origin.nonCommercial, renderSeconds: origin.renderSeconds))
            try board.done(piece, file: track.file, facts: facts)
            return piece.item.seconds
        } catch {
            Log.warning("job \(piece.job), item \(piece.item.id): \(error)")
            try? board.failed(piece, why: "the renderer could not keep the track: \(error)")
            return 0
        }
    }

    private func note(_ seconds: Double, since began: Double) {
        let factor = seconds / max(clock.monotonicSeconds - began, 0.001)
        speed.withLock { speed in speed = speed.map { $0 * 0.8 + factor * 0.2 } ?? factor }
    }
}
