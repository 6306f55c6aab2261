/// The theka on the tabla and the groove on the drums, thinner where the section wants air.
struct PercussionWriter {
    let mood: Mood
    let cycleBeats: Double
    let isFirstChunk: Bool

    func write(_ section: Section, random: inout SeededRandom, into events: inout [Event]) {
        let isFull = section.kind == .melody || section.kind == .answer
        let isLight = section.kind == .closing || (section.kind == .opening && !isFirstChunk)
        var beat = section.startBeat
        let end = section.startBeat + section.beats
        while beat < end - 0.01 {
            if mood.plays(.drums) {
                if isFull || isLight { pattern(mood.groove.kick, .kick, at: beat, random: &random, into: &events) }
                if isFull { pattern(mood.groove.snare, .snare, at: beat, random: &random, into: &events) }
                if isFull { pattern(mood.groove.rim, .rim, at: beat, random: &random, into: &events) }
                if isFull || isLight { pattern(mood.groove.hat, .hat, at: beat, random: &random, into: &events) }
                pattern(mood.groove.rail, .rail, at: beat, random: &random, into: &events)
            }
            if mood.plays(.tabla), isFull || isLight {
                theka(
                    at: beat, loudness: isFull ? 1 : 0.75, isLastCycle: beat + cycleBeats > end - 0.01,
                    random: &random, into: &events)
            }
            beat += cycleBeats
        }
    }

    private func pattern(
        _ steps: String, _ stroke: Stroke, at beat: Double, random: inout SeededRandom, into events: inout [Event]
    ) {
        for (index, step) in steps.utf8.enumerated() {
            let digit = Int(step) - 48
            guard (1...9).contains(digit) else { continue }
            // The quiet strokes come and go; the strong ones are the groove.
            if digit <= 3, random.chance(0.3) { continue }
            events.append(
                Event(
                    beat: beat + Double(index) / 4, beats: 0.25, part: .drums, stroke: stroke,
                    velocity: Float(digit) / 9 * random.between(0.86, 1.06)))
        }
    }

    private func theka(
        at start: Double, loudness: Float, isLastCycle: Bool, random: inout SeededRandom, into events: inout [Event]
    ) {
        let matras = mood.taal.theka
        for (index, bols) in matras.enumerated() {
            let beat = start + Double(index) * 0.5
            let accent: Float = index == 0 ? 1 : (mood.taal.accents.contains(index) ? 0.88 : 0.68)
            if isLastCycle, index >= matras.count - 2, random.chance(0.45) {
                fill(at: beat, loudness: loudness, random: &random, into: &events)
                continue
            }
            let parts = bols.split(separator: "-")
            for (place, bol) in parts.enumerated() {
                let at = beat + 0.5 * Double(place) / Double(parts.count)
                for stroke in Taal.strokes(String(bol)) {
                    let weight: Float = stroke == .ge ? 0.9 : 0.75
                    events.append(
                        Event(
                            beat: at, beats: 0.5, part: .tabla, stroke: stroke,
                            velocity: loudness * accent * weight * random.between(0.85, 1.08)))
                }
            }
            if parts.count == 1, random.chance(0.12 + 0.2 * mood.density) {
                events.append(
                    Event(
                        beat: beat + 0.25, beats: 0.25, part: .tabla, stroke: random.chance(0.5) ? .te : .ke,
                        velocity: loudness * random.between(0.2, 0.36)))
            }
        }
    }

    /// Ti ra ki ta, to lead into the next sam.
    private func fill(at beat: Double, loudness: Float, random: inout SeededRandom, into events: inout [Event]) {
        for (index, stroke) in [Stroke.te, .te, .ke, .na].enumerated() {
            events.append(
                Event(
                    beat: beat + Double(index) * 0.125, beats: 0.125, part: .tabla, stroke: stroke,
                    velocity: loudness * (0.4 + 0.08 * Float(index)) * random.between(0.9, 1.1)))
        }
    }
}
