internal import Backends
internal import Buffer
internal import Config
internal import Domain
internal import Platform

/// One go of the generator: slots reserved, rendered round by round, checked and put on the Buffer as they come. Lives
/// once.
struct BatchRun {
    let buffer: BufferDirectory
    let chain: BackendChain
    let line: AdmissionLine
    let memory: Monitor<TrackMemory>
    let config: StationConfig
    let rendered: RenderDirectory
    let stationSeed: StationSeed
    let threads: @Sendable () -> Int?
    let awake: AwakeTime
    let cancellation: Cancellation
    /// Told what is being done, how far it is (0...1) and with how many tracks at once.
    let say: @Sendable (String, Double?, Int?) -> Void

    /// What came of it.
    struct Outcome {
        /// The backend that made the tracks; nil when none came.
        var backend: String?
        var tracks = 0
        /// Of the largest batch that one backend rendered as a whole.
        var speed: BatchSpeed?
        var realTimeFactor: Double?
        /// What each backend made that rendered a batch by itself, as far as it was admitted, and how long that took.
        var work: [Work] = []

        struct Work {
            var backend: String
            var tracks: Int
            var admitted: Int
            var seconds: Double
        }
    }

    private var trackSeconds: Double { config.generator.trackSeconds }

    /// Reserves by `plan`, renders and puts on the Buffer what comes of it. Slots that nothing came of are given back.
    /// - Throws: `.cancelled`; `.nonePlays` when some track was made by nobody; what the Buffer throws.
    func perform(_ plan: BatchPlan) throws -> Outcome {
        let slots = try reserve(plan)
        // Without a commit or an abandonment the slot is free again with the last reference; what was staged goes, too.
        defer { for slot in slots where slot.isOpen { try? buffer.abandon(slot) } }
        let rounds = BatchRounds(
            slots.map { PlannedSlot(number: $0.number, positionInPrompt: $0.positionInPrompt) },
            laneLength: plan.laneLength)
        var outcome = Outcome()
        for round in rounds.rounds.indices {
            if round > 0, !isWorthGoingOn(after: outcome, rounds: rounds, round: round) { break }
            try render(round, of: rounds, slots, &outcome)
        }
        try line.finish()
        return outcome
    }

    /// The slots of the plan: a plan of several rounds stays within one turn of the prompt.
    private func reserve(_ plan: BatchPlan) throws -> [Reservation] {
        var slots = [try buffer.reserve()]
        let leftInTurn = config.generator.tracksPerPrompt - slots[0].positionInPrompt
        let wanted = plan.laneLength > 1 ? min(plan.slots, max(plan.lanes, leftInTurn)) : plan.slots
        do {
            while slots.count < wanted, !cancellation.isCancelled { slots.append(try buffer.reserve()) }
        } catch {
            // What is reserved is composed first; if the trouble stays, the next plan begins with it.
            Log.info("\(slots.count) of \(wanted) tracks are composed together: \(error)")
        }
        return slots
    }

    /// A plan whose first rounds were slower than thought is not carried on into an empty Buffer.
    private func isWorthGoingOn(after outcome: Outcome, rounds: BatchRounds, round: Int) -> Bool {
        guard let speed = outcome.speed, let ready = try? buffer.readySeconds() else { return true }
        let left = rounds.rounds[round...].reduce(0) {
            $0 + speed.seconds(forTracks: $1.count, ofSeconds: trackSeconds)
        }
        return left < ready
    }

    private func render(_ round: Int, of rounds: BatchRounds, _ slots: [Reservation], _ outcome: inout Outcome) throws {
        let places = rounds.rounds[round]
        let requests = try places.map {
            try request(for: slots[$0], continues: rounds.continues(round: round, place: $0))
        }
        let directory = try rendered.batch("\(slots[places[0]].number)")
        defer { try? Files.removeTree(directory) }
        let words = Self.words(requests)
        let (count, all) = (places.count, Double(rounds.rounds.count))
        say(words, Double(round) / all, count)
        let began = awake.seconds
        let admittedBefore = memory.read { $0.made }
        var makers: [String: Int] = [:]
        var failure: BackendError?
        do {
            try chain.render(
                requests, into: directory, cancellation: cancellation,
                progress: { [say] done in say(words, (Double(round) + done) / all, count) },
                onFallback: { state in Log.warning("backend \(state.name) rests: \(state.why ?? "it failed")") },
                onTrack: { place, result in
                    do throws(BackendError) {
                        let track = try result.get()
                        makers[track.provenance.backend, default: 0] += 1
                        line.add(.init(slot: slots[places[place]], track: track, seconds: trackSeconds))
                    } catch { failure = error }
                })
        } catch {
            // Finished tracks are worth the seconds that checking takes, also when the station stops.
            try? line.finish()
            throw error
        }
        // The files lie in this round's directory.
        try line.finish()
        let admitted = memory.read { $0.made } - admittedBefore
        note(makers, admitted: admitted, tookSeconds: awake.seconds - began, &outcome)
        if let failure { throw failure }
    }

    private func note(_ makers: [String: Int], admitted: Int, tookSeconds: Double, _ outcome: inout Outcome) {
        let made = makers.values.reduce(0, +)
        guard made > 0 else { return }
        outcome.tracks += made
        outcome.backend = makers.max { $0.value < $1.value }?.key
        let factor = Double(made) * trackSeconds / max(tookSeconds, 0.001)
        outcome.realTimeFactor = factor
        // A batch that two backends had a part in says nothing of either.
        guard makers.count == 1, let backend = outcome.backend else { return }
        outcome.speed = BatchSpeed(tracks: made, realTimeFactor: factor)
        outcome.work.append(.init(backend: backend, tracks: made, admitted: admitted, seconds: tookSeconds))
    }

    private func request(for slot: Reservation, continues: [Int]) throws -> TrackRequest {
        TrackRequest(
            prompt: config.prompts[slot.promptIndex % config.prompts.count], number: slot.number,
            positionInPrompt: slot.positionInPrompt, continues: continues, seconds: trackSeconds,
            seed: stationSeed.seed(
                number: slot.number, positionInPrompt: slot.positionInPrompt,
                refusals: memory.read { $0.refusals[slot.number] ?? 0 }),
            threadsMax: threads())
    }

    private static func words(_ requests: [TrackRequest]) -> String {
        guard let first = requests.first else { return "composing" }
        let names = requests.reduce(into: [String]()) { if !$0.contains($1.prompt.name) { $0.append($1.prompt.name) } }
        let which = requests.count == 1 ? "chunk \(first.number)" : "\(requests.count) chunks from \(first.number) on"
        return "composing \(which), \(names.joined(separator: " and "))"
    }
}
