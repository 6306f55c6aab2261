internal import Backends
internal import Buffer
internal import Domain
internal import Platform
internal import Synchronization

/// What the generator remembers of its tracks from one plan to the next.
struct TrackMemory: Sendable {
    var recent = RecentFingerprints(capacity: TrackMemory.fingerprintsKept)
    /// How often in a row what came of a slot was refused.
    var refusals: [Int: Int] = [:]
    var made = 0
    var refused = 0

    /// How many of the last tracks a new one is compared with.
    private static let fingerprintsKept = 120
}

/// Checks finished tracks and puts them on the Buffer, on a thread of its own, while the backend renders on.
final class AdmissionLine: Sendable {
    /// A track that a backend has made for a slot.
    struct Item: Sendable {
        var slot: Reservation
        var track: RenderedTrack
        var seconds: Double
    }

    private struct State {
        var waiting: [Item] = []
        var isWorking = false
        var trouble: (any Error)?
    }

    private let buffer: BufferDirectory
    private let admission: Admission
    private let chain: BackendChain
    private let cancellation: Cancellation
    private let memory: Monitor<TrackMemory>
    private let say: @Sendable (String) -> Void
    private let willCommit: @Sendable (Reservation, Int, String, Provenance) throws -> Void
    private let state = Monitor(State())

    /// Whoever renders faster than tracks are checked waits for its turn.
    private static let waitingMax = 4

    /// - Parameters:
    ///   - say: told what it is at.
    ///   - willCommit: told of slot, frames, title and provenance of each track right before it is put on the Buffer;
    ///     where it throws, the track is not.
    init(
        buffer: BufferDirectory, admission: Admission, chain: BackendChain, memory: Monitor<TrackMemory>,
        cancellation: Cancellation, say: @escaping @Sendable (String) -> Void,
        willCommit: @escaping @Sendable (Reservation, Int, String, Provenance) throws -> Void = { _, _, _, _ in }
    ) {
        self.buffer = buffer
        self.admission = admission
        self.chain = chain
        self.memory = memory
        self.cancellation = cancellation
        self.say = say
        self.willCommit = willCommit
    }

    /// Takes a track over; waits while too many wait already.
    func add(_ item: Item) {
        let mustStart = state.wait(timeoutSeconds: 3600) { state -> Bool? in
            guard state.waiting.count < Self.waitingMax || cancellation.isCancelled else { return nil }
            state.waiting.append(item)
            defer { state.isWorking = true }
            return !state.isWorking
        }
        if mustStart == true { NamedThread.start("admission") { [self] in work() } }
    }

    /// Waits until all that was taken over is on the Buffer or refused.
    /// - Throws: the first trouble that was the machine's and not a track's; `.cancelled`.
    func finish() throws {
        let trouble = state.wait(timeoutSeconds: 24 * 3600) { state -> (any Error)?? in
            guard !state.isWorking else { return nil }
            defer { state.trouble = nil }
            return .some(state.trouble)
        }
        if let trouble, let trouble { throw trouble }
    }

    private func work() {
        while let item = next() {
            do {
                if cancellation.isCancelled { throw BackendError.cancelled }
                try admit(item)
            } catch {
                state.withLock { $0.trouble = $0.trouble ?? error }
                try? buffer.abandon(item.slot)
            }
            _ = try? Files.remove(item.track.file)
        }
    }

    private func next() -> Item? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isWorking = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }

    private func admit(_ item: Item) throws {
        let (slot, track) = (item.slot, item.track)
        say("checking chunk \(slot.number)")
        do {
            let admitted = try admission.admit(
                track.file, seconds: item.seconds, recent: memory.read { $0.recent }, to: slot.stagedFile,
                cancellation: cancellation, progress: { [say] _ in say("checking chunk \(slot.number)") })
            chain.recordAdmission(of: track.provenance.backend, refusal: nil)
            let provenance = admitted.complete(track.provenance)
            try willCommit(slot, admitted.frames, track.title, provenance)
            let outcome = try buffer.commit(
                slot, frames: admitted.frames, title: track.title, provenance: provenance)
            memory.withLock { memory in
                memory.recent.add(admitted.fingerprint, label: "chunk \(slot.number)")
                memory.refusals[slot.number] = nil
                memory.made += 1
            }
            if case .ready = outcome { return }
            Log.info("chunk \(slot.number) came after its turn and is not on the buffer")
        } catch BackendError.refused(let refusal) {
            chain.recordAdmission(of: track.provenance.backend, refusal: refusal)
            Log.warning("chunk \(slot.number) from \(track.provenance.backend) is refused: \(refusal)")
            try buffer.refuse(track.file, reason: "\(refusal)")
            memory.withLock { memory in
                memory.refused += 1
                memory.refusals[slot.number, default: 0] += 1
            }
            // The next plan begins with it, and with another seed.
            try buffer.abandon(slot)
        }
    }
}
