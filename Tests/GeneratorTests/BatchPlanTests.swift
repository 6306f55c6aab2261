import Testing

@testable import Generator

struct BatchPlanTests {
    private func plan(
        batchMax: Int = 8, continues: Bool = true, readyHours: Double, roomHours: Double = 24, speed: BatchSpeed?
    ) -> BatchPlan {
        BatchPlan(
            batchMax: batchMax, continues: continues, trackSeconds: 60, readySeconds: readyHours * 3600,
            roomSeconds: roomHours * 3600, speed: speed)
    }

    /// Eight minutes of music in eight minutes.
    private let realTime = BatchSpeed(tracks: 8, realTimeFactor: 1)

    @Test("with hours ahead, lanes of several tracks are rendered side by side")
    func plenty() {
        let far = plan(readyHours: 6, speed: realTime)
        #expect(far.lanes == 8 && far.laneLength == BatchPlan.laneLengthMax)
        let near = plan(readyHours: 1, speed: realTime)
        #expect(near.lanes == 8 && near.laneLength == 3)
    }

    @Test("with little music ahead, every track is for itself, and the batch ends before the music does")
    func short() {
        let short = plan(readyHours: 0.15, speed: realTime)
        #expect(short.laneLength == 1 && short.lanes < 8)
        #expect(realTime.seconds(forTracks: short.lanes, ofSeconds: 60) <= 0.15 * 3600 * 0.8)
        #expect(realTime.seconds(forTracks: short.lanes + 1, ofSeconds: 60) > 0.15 * 3600 * 0.8)
    }

    @Test("no plan ends after the music that waits, whatever the speed", arguments: [0.1, 0.3, 1, 2.5, 20])
    func inTime(factor: Double) {
        let speed = BatchSpeed(tracks: 8, realTimeFactor: factor)
        for readyHours in stride(from: 0.5, through: 30, by: 0.5) {
            let plan = plan(readyHours: readyHours, speed: speed)
            let took = Double(plan.laneLength) * speed.seconds(forTracks: plan.lanes, ofSeconds: 60)
            // Where not even one track would be in time, the one batch that loses least is all there is.
            let isHopeless = speed.seconds(forTracks: 1, ofSeconds: 60) > readyHours * 3600 * 0.8
            if !isHopeless { #expect(took <= readyHours * 3600, "\(readyHours) h: \(plan)") }
        }
    }

    @Test("with nothing ahead, the smallest batch that gains on the air is taken, or else the one that loses least")
    func empty() {
        #expect(plan(readyHours: 0, speed: BatchSpeed(tracks: 1, realTimeFactor: 15)).lanes == 1)
        #expect(plan(readyHours: 0, speed: BatchSpeed(tracks: 8, realTimeFactor: 0.5)).lanes == 8)
        let gaining = plan(readyHours: 0, speed: BatchSpeed(tracks: 8, realTimeFactor: 1.5))
        #expect(gaining.lanes > 1 && gaining.lanes < 8 && gaining.laneLength == 1)
    }

    @Test("before anything is known the first track comes soon, unless there is music in hand")
    func unknown() {
        #expect(plan(readyHours: 0, speed: nil) == plan(batchMax: 1, readyHours: 0, speed: nil))
        #expect(plan(readyHours: 3, speed: nil).lanes == 8)
    }

    @Test("what the Buffer has no room for is not composed")
    func room() {
        #expect(plan(readyHours: 20, roomHours: 0.05, speed: realTime).slots == 3)
        #expect(plan(readyHours: 20, roomHours: 0.2, speed: realTime).slots <= 12)
        #expect(plan(readyHours: 20, roomHours: -1, speed: realTime).slots == 1)
    }

    @Test("a backend that goes on from nothing has no use for lanes, and one track at a time is what it is")
    func plain() {
        #expect(plan(continues: false, readyHours: 20, speed: realTime).laneLength == 1)
        let one = plan(batchMax: 1, continues: false, readyHours: 20, speed: BatchSpeed(tracks: 1, realTimeFactor: 15))
        #expect(one.slots == 1)
    }

    @Test(
        "speeds that are no numbers plan one track or a whole batch, never nothing",
        arguments: [0, -1, .infinity, .nan])
    func nonsense(factor: Double) {
        for readyHours in [0, 1, 100.0] {
            let plan = plan(readyHours: readyHours, speed: BatchSpeed(tracks: 8, realTimeFactor: factor))
            #expect((1...8).contains(plan.lanes) && (1...8).contains(plan.laneLength), "\(plan)")
        }
    }
}

struct BatchRoundsTests {
    private func slots(_ numbers: [Int]) -> [PlannedSlot] {
        numbers.map { PlannedSlot(number: $0, positionInPrompt: ($0 - 1) % 60) }
    }

    @Test("lanes are cut from neighbours, and a round has the next track of each lane")
    func lanes() {
        let rounds = BatchRounds(slots(Array(1...6)), laneLength: 2)
        #expect(rounds.rounds == [[0, 2, 4], [1, 3, 5]])
        #expect(BatchRounds(slots(Array(1...3)), laneLength: 1).rounds == [[0, 1, 2]])
        #expect(BatchRounds([], laneLength: 4).rounds.isEmpty)
    }

    @Test("no lane goes past the end of the prompt's turn, or over a slot that somebody else has")
    func ends() {
        // 60 is the last of a turn, 61 the first of the next.
        #expect(BatchRounds(slots([59, 60, 61, 62]), laneLength: 4).rounds == [[0, 2], [1, 3]])
        #expect(BatchRounds(slots([10, 11, 13, 14]), laneLength: 4).rounds == [[0, 2], [1, 3]])
    }

    @Test("a track goes on from the one before it in its lane, a lane's head from the nearest finished one")
    func continues() {
        let rounds = BatchRounds(slots(Array(5...10)), laneLength: 3)
        #expect(rounds.rounds == [[0, 3], [1, 4], [2, 5]])
        // Number 5 is position 4; 8 is position 7, and 4, 5 and 6 are not there yet when it begins.
        #expect(rounds.continues(round: 0, place: 0) == [3, 2, 1, 0])
        #expect(rounds.continues(round: 0, place: 3) == [3, 2, 1, 0])
        #expect(rounds.continues(round: 1, place: 1) == [4, 3, 2, 1, 0])
        #expect(rounds.continues(round: 1, place: 4) == [7, 4, 3, 2, 1, 0])
        #expect(rounds.continues(round: 2, place: 5).prefix(2) == [8, 7])
    }

    @Test("the first track of a turn starts fresh, also beside the last of the turn before")
    func fresh() {
        let rounds = BatchRounds(slots([60, 61]), laneLength: 1)
        #expect(rounds.continues(round: 0, place: 0).first == 58)
        #expect(rounds.continues(round: 0, place: 1).isEmpty)
    }

    @Test("how far a track looks back is bounded")
    func bounded() {
        let rounds = BatchRounds([PlannedSlot(number: 5000, positionInPrompt: 4999)], laneLength: 1)
        #expect(rounds.continues(round: 0, place: 0).count == 64)
    }
}
