/// How long batches take, as far as it was seen.
struct BatchSpeed: Equatable {
    /// Tracks of the batch that was measured.
    var tracks: Int
    /// Wall time it took, in seconds for each second of one track's length.
    var secondsPerTrackSecond: Double

    /// - Parameter realTimeFactor: seconds of music for each second, over the whole batch.
    init(tracks: Int, realTimeFactor: Double) {
        self.tracks = max(1, tracks)
        secondsPerTrackSecond = Double(self.tracks) / max(realTimeFactor, 0.001)
    }

    /// What a batch of `count` tracks will take at most. A larger one is taken to be no faster by the track; of a
    /// smaller one half is what any batch costs, which is more than models were seen to need.
    func seconds(forTracks count: Int, ofSeconds trackSeconds: Double) -> Double {
        let share = Double(count) / Double(tracks)
        return secondsPerTrackSecond * trackSeconds * (share >= 1 ? share : (1 + share) / 2)
    }
}

/// How many slots to reserve for one go, and how many of them follow each other in one lane: a lane's tracks are
/// rendered one after the other, each going on from the one before it; the lanes are rendered side by side.
struct BatchPlan: Equatable {
    /// Side by side.
    var lanes: Int
    /// One after the other.
    var laneLength: Int

    var slots: Int { lanes * laneLength }

    /// Less than all of the music that waits, because a guess may be wrong.
    private static let safety = 0.8
    /// A plan of several rounds holds its slots for long: not more than this part of the music that waits.
    private static let longSafety = 0.5
    /// Keeps ahead of the air by so much.
    private static let aheadFactor = 1.1
    static let laneLengthMax = 8

    /// - Parameters:
    ///   - batchMax: what the backend renders at once, and what the operator allows.
    ///   - continues: whether the backend goes on from earlier tracks; without it lanes have no use.
    ///   - readySeconds: music that waits.
    ///   - roomSeconds: music that still fits the Buffer.
    ///   - speed: nil before anything was measured or said.
    init(
        batchMax: Int, continues: Bool, trackSeconds: Double, readySeconds: Double, roomSeconds: Double,
        speed: BatchSpeed?
    ) {
        let room = max(1, Int((roomSeconds / trackSeconds).rounded(.up)))
        let most = max(1, min(batchMax, room))
        func seconds(_ count: Int) -> Double? { speed?.seconds(forTracks: count, ofSeconds: trackSeconds) }
        guard seconds(1) != nil else {
            // Nothing is known: with music in hand all at once, without it the first track soon, which is a measurement.
            lanes = readySeconds >= 3600 ? most : 1
            laneLength = 1
            return
        }
        let inTime = (1...most).last { (seconds($0) ?? .infinity) <= readySeconds * Self.safety }
        guard let inTime else {
            // The music ends before any batch does: the smallest that gains on the air, or else the one that loses least.
            let gaining = (1...most).first {
                Double($0) * trackSeconds >= (seconds($0) ?? .infinity) * Self.aheadFactor
            }
            lanes = gaining ?? most
            laneLength = 1
            return
        }
        lanes = inTime
        let round = seconds(inTime) ?? .infinity
        let rounds = continues && inTime == most ? Int(min(64, readySeconds * Self.longSafety / round)) : 1
        laneLength = max(1, min(rounds, Self.laneLengthMax, room / inTime))
    }
}

/// A slot that was reserved, as far as planning needs it.
struct PlannedSlot: Equatable {
    var number: Int
    var positionInPrompt: Int

    /// The number of the first track of its turn.
    var turn: Int { number - positionInPrompt }
}

/// The slots of one plan in the order of their rendering.
struct BatchRounds: Equatable {
    /// Each round is one batch: the places of its slots in what was reserved.
    private(set) var rounds: [[Int]] = []
    private let slots: [PlannedSlot]

    /// How far back a track may look for one to go on from.
    private static let lookBackMax = 64

    /// Cuts `slots` into lanes of up to `laneLength` that follow each other without a gap in one turn.
    init(_ slots: [PlannedSlot], laneLength: Int) {
        self.slots = slots
        var lanes: [[Int]] = []
        for place in slots.indices.sorted(by: { slots[$0].number < slots[$1].number }) {
            if let last = lanes.last?.last, lanes[lanes.count - 1].count < max(1, laneLength),
                slots[last].turn == slots[place].turn, slots[last].number + 1 == slots[place].number
            {
                lanes[lanes.count - 1].append(place)
            } else {
                lanes.append([place])
            }
        }
        let depth = lanes.map(\.count).max() ?? 0
        rounds = (0..<depth).map { round in lanes.compactMap { $0.indices.contains(round) ? $0[round] : nil } }
    }

    /// What a slot may go on from, the dearest first: every earlier position of its turn but those that this plan renders
    /// at the same time or later. Which of them there are to go on from the backend knows.
    func continues(round: Int, place: Int) -> [Int] {
        let slot = slots[place]
        let notYet = Set(
            rounds[round...].joined().filter { slots[$0].turn == slot.turn }.map { slots[$0].positionInPrompt })
        let lowest = max(0, slot.positionInPrompt - Self.lookBackMax)
        return (lowest..<max(lowest, slot.positionInPrompt)).reversed().filter { !notYet.contains($0) }
    }
}
