/// Puts themes into sections: who sings what, with which ornaments, and who replies in the breaths.
struct MelodyWriter {
    let mood: Mood
    let theme: Theme
    let second: Theme

    func write(_ section: Section, random: inout SeededRandom, into events: inout [Event]) {
        switch section.kind {
        case .opening:
            strum(at: section.startBeat, random: &random, into: &events)
        case .melody:
            for phrase in 0..<section.phrases {
                let start = section.startBeat + Double(phrase) * section.phraseBeats
                let isQuestion = phrase % 2 == 0 && section.phrases > 1
                let pitches = isQuestion ? theme.question : varied(theme.answer, random: &random)
                let end = sing(mood.lead, theme.rhythm, pitches, at: start, random: &random, into: &events)
                reply(
                    to: pitches, after: end, until: start + section.phraseBeats, from: mood.answer, random: &random,
                    into: &events)
            }
        case .answer:
            for phrase in 0..<section.phrases {
                let start = section.startBeat + Double(phrase) * section.phraseBeats
                let isQuestion = phrase % 2 == 0
                let singer = isQuestion ? mood.answer : mood.lead
                let pitches = isQuestion ? second.question : varied(second.answer, random: &random)
                let end = sing(singer, second.rhythm, pitches, at: start, random: &random, into: &events)
                reply(
                    to: pitches, after: end, until: start + section.phraseBeats,
                    from: isQuestion ? mood.lead : mood.answer, random: &random, into: &events)
            }
        case .breakdown:
            alap(section, random: &random, into: &events)
        case .closing:
            let home = ThemeWriter(raga: mood.raga, range: mood.range)
            let last = home.walk(
                count: 4, from: theme.answer.first ?? 0, to: home.nearest(0, to: 0), random: &random)
            _ = sing(mood.lead, [4, 2, 2, 8], last, at: section.startBeat, random: &random, into: &events)
            strum(at: section.startBeat + section.phraseBeats * 0.75, random: &random, into: &events)
        }
    }

    /// Changes a note or two on the way, never the end.
    private func varied(_ pitches: [Int], random: inout SeededRandom) -> [Int] {
        var result = pitches
        guard result.count > 3 else { return result }
        for index in 1..<(result.count - 1) where random.chance(0.16) {
            let moved = random.chance(0.5) ? mood.raga.above(result[index]) : mood.raga.below(result[index])
            if mood.range.contains(moved) { result[index] = moved }
        }
        return result
    }

    /// Sings one phrase and returns the beat on which its last note begins.
    private func sing(
        _ part: Part, _ rhythm: [Int], _ pitches: [Int], at start: Double, random: inout SeededRandom,
        into events: inout [Event], velocity: Float = 0.72
    ) -> Double {
        var beat = start
        var last = start
        let count = min(rhythm.count, pitches.count)
        for index in 0..<count {
            let length = Double(rhythm[index]) / 4
            let isLast = index == count - 1
            // The loudness of a phrase is an arch.
            let arch = 1 - abs(Float(index) / Float(max(count - 1, 1)) - 0.45) * 0.5
            var event = Event(
                beat: beat, beats: isLast ? length + 1 : length, part: part, pitch: pitches[index],
                velocity: velocity * arch * random.between(0.88, 1.06))
            if index > 0 { ornament(&event, before: pitches[index - 1], random: &random) }
            if part == .bansuri { event.isLegato = index > 0 && !random.chance(0.18) }
            events.append(event)
            if part == .santoor, length >= 1, random.chance(isLast ? 0.75 : 0.25) {
                roll(event, random: &random, into: &events)
            }
            if part == .string, length >= 1.5, random.chance(0.4) {
                strum(at: beat + 0.5, random: &random, into: &events)
            }
            last = beat
            beat += length
        }
        return last
    }

    private func ornament(_ event: inout Event, before: Int, random: inout SeededRandom) {
        let interval = abs(event.pitch - before)
        guard event.part == .string || event.part == .bansuri else { return }
        if interval > 0, interval <= 5, event.beats >= 0.5, random.chance(event.part == .bansuri ? 0.3 : 0.34) {
            event.slideFrom = before
            event.isMeend = event.part == .string
        } else if random.chance(0.22) {
            event.slideFrom = random.chance(0.6) ? mood.raga.above(event.pitch) : mood.raga.below(event.pitch)
        }
    }

    /// The santoor's way of holding a note: strokes that thin out.
    private func roll(_ event: Event, random: inout SeededRandom, into events: inout [Event]) {
        let strokes = min(Int(event.beats * 4), 8)
        guard strokes > 1 else { return }
        for stroke in 1..<strokes {
            var again = event
            again.beat += Double(stroke) * 0.25
            again.beats = 0.25
            again.velocity *= (0.62 - 0.05 * Float(stroke)) * random.between(0.85, 1.1)
            events.append(again)
        }
    }

    private func strum(at beat: Double, random: inout SeededRandom, into events: inout [Event]) {
        guard mood.plays(.string), mood.lead == .string || mood.answer == .string else { return }
        for (index, pitch) in [0, 12].enumerated() {
            events.append(
                Event(
                    beat: beat, beats: 2, part: .string, pitch: pitch, isStrum: true,
                    velocity: random.between(0.14, 0.24), lagSeconds: Double(index) * 0.022))
        }
    }

    /// The last few notes said back, softly, in the breath the singer leaves.
    private func reply(
        to pitches: [Int], after end: Double, until limit: Double, from part: Part, random: inout SeededRandom,
        into events: inout [Event]
    ) {
        guard pitches.count >= 3, random.chance(0.6), part != mood.lead || random.chance(0.5) else { return }
        let start = max((end + 1).rounded(.up), limit - 2)
        guard limit - start >= 1 else { return }
        let echo = Array(pitches.suffix(3))
        let rhythm = limit - start >= 2 ? [2, 2, 4] : [1, 1, 2]
        _ = sing(part, rhythm, echo, at: start, random: &random, into: &events, velocity: 0.46)
    }

    /// Slow and free of the theme: long notes, wide slides.
    private func alap(_ section: Section, random: inout SeededRandom, into events: inout [Event]) {
        let writer = ThemeWriter(raga: mood.raga, range: mood.range)
        for phrase in 0..<section.phrases {
            let start = section.startBeat + Double(phrase) * section.phraseBeats
            let rhythm = writer.rhythm(beats: section.phraseBeats, density: 0, random: &random)
            let from = writer.nearest(random.pick(mood.raga.rests, or: 0), to: 3)
            let to = writer.nearest(random.pick(mood.raga.rests, or: 0), to: 0)
            let pitches = writer.walk(count: rhythm.count, from: from, to: to, random: &random)
            _ = sing(
                phrase % 2 == 0 ? mood.lead : mood.answer, rhythm, pitches, at: start, random: &random, into: &events,
                velocity: 0.64)
        }
    }
}
