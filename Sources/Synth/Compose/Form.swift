/// What a stretch of the chunk is for.
enum SectionKind: Sendable {
    case opening, melody, answer, breakdown, closing
}

struct Section: Sendable {
    var kind: SectionKind
    var index: Int
    var startBeat: Double
    var phrases: Int
    var phraseBeats: Double

    var beats: Double { Double(phrases) * phraseBeats }
}

/// The plan of a chunk: whole cycles of the taal, whole phrases, and a tempo that makes them fill it.
struct Form: Sendable {
    let grid: Grid
    let sections: [Section]
    let cycleBeats: Double

    init(mood: Mood, frames: Int) {
        let seconds = max(Double(frames) / Double(SampleRate.hertz), 0.01)
        cycleBeats = mood.taal.beats
        let cyclesExact = seconds * mood.beatsPerMinute / 60 / cycleBeats
        let cycles = max(cyclesExact.rounded(), 1)
        let fitted = cycles * cycleBeats * 60 / seconds
        // A short chunk cannot be whole cycles at a fair tempo: it keeps the mood's own and is cut.
        let isFair = abs(fitted / mood.beatsPerMinute - 1) < 0.05 && (60...90).contains(fitted)
        grid = Grid(beatsPerMinute: isFair ? fitted : mood.beatsPerMinute, swing: mood.swing)
        let cycleCount = isFair ? Int(cycles) : Int(cyclesExact.rounded(.up))
        let cyclesPerPhrase = cycleBeats >= 6 ? 1 : 2
        let phraseCount = max(1, (cycleCount + cyclesPerPhrase - 1) / cyclesPerPhrase)
        sections = Form.plan(phrases: phraseCount, phraseBeats: cycleBeats * Double(cyclesPerPhrase))
    }

    private static func plan(phrases: Int, phraseBeats: Double) -> [Section] {
        var sections: [Section] = []
        var used = 0
        func add(_ kind: SectionKind, _ count: Int) {
            guard count > 0 else { return }
            sections.append(
                Section(
                    kind: kind, index: sections.count, startBeat: Double(used) * phraseBeats, phrases: count,
                    phraseBeats: phraseBeats))
            used += count
        }
        if phrases < 4 {
            add(.melody, phrases)
            return sections
        }
        let isLong = phrases > 20
        let round: [(SectionKind, Int)] =
            isLong
            ? [(.melody, 4), (.answer, 4), (.breakdown, 2), (.answer, 2), (.melody, 4), (.breakdown, 1)]
            : [(.melody, 2), (.answer, 2), (.breakdown, 1)]
        add(.opening, 1)
        var turn = 0
        while used < phrases - 1 {
            let (kind, count) = round[turn % round.count]
            // A breakdown just before the close would leave the end empty.
            let left = phrases - 1 - used
            add(kind == .breakdown && left <= count ? .melody : kind, min(count, left))
            turn += 1
        }
        add(.closing, 1)
        return sections
    }
}
