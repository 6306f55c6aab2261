/// The tanpura's round of four strings, and the bells that mark the cycle.
struct DroneWriter {
    let mood: Mood
    let grid: Grid
    let cycleBeats: Double

    /// Beats in a round: a whole share of the cycle, or whole cycles, near four and a half seconds.
    var roundBeats: Double {
        let shares: [Double] = [0.5, 1, 2]
        let ideal = 4.5 / grid.secondsPerBeat
        return shares.map { $0 * cycleBeats }.min { abs($0 - ideal) < abs($1 - ideal) } ?? cycleBeats
    }

    /// Writes from `start` up to `end`; the rounds are counted from beat 0, before it too.
    func tanpura(from start: Double, to end: Double, random: inout SeededRandom, into events: inout [Event]) {
        guard mood.plays(.tanpura) else { return }
        let first = mood.raga.droneDegree - 24
        let strings: [(Double, Int, Float)] = [
            (0, mood.saHertz > 300 ? first + 12 : first, 0.72), (0.3, -12, 0.7), (0.5, -12, 0.62), (0.72, -24, 0.8),
        ]
        var round = (start / roundBeats).rounded(.up) * roundBeats
        while round < end - 0.01 {
            for (share, pitch, loudness) in strings {
                let beat = round + (share * roundBeats * 4).rounded() / 4
                events.append(
                    Event(
                        beat: beat, beats: roundBeats, part: .tanpura, pitch: pitch,
                        velocity: loudness * random.between(0.92, 1.05)))
            }
            round += roundBeats
        }
    }

    func bells(_ section: Section, random: inout SeededRandom, into events: inout [Event]) {
        guard mood.plays(.bell) else { return }
        var beat = section.startBeat
        while beat < section.startBeat + section.beats - 0.01 {
            if random.chance(0.8) {
                events.append(
                    Event(beat: beat, beats: 4, part: .bell, pitch: 0, velocity: random.between(0.5, 0.62)))
            }
            if random.chance(0.35) {
                let degree = random.pick(mood.raga.rests, or: 0)
                let offset = (cycleBeats * 0.5).rounded()
                events.append(
                    Event(
                        beat: beat + offset, beats: 4, part: .bell, pitch: degree + 12,
                        velocity: random.between(0.24, 0.36)))
            }
            beat += cycleBeats
        }
    }
}
