/// Chords of the raga's own notes for the keys and the strings, and the bass under them.
struct HarmonyWriter {
    let mood: Mood
    let cycleBeats: Double

    /// Hits within a chord: beat, length, loudness.
    private static let comps: [[(Double, Double, Float)]] = [
        [(0, 3.6, 0.62)],
        [(0, 1.4, 0.6), (2.5, 1.2, 0.42)],
        [(0, 1.8, 0.6), (1.5, 0.4, 0.3), (2.5, 1, 0.44)],
        [(0.5, 1.2, 0.5), (2, 1.5, 0.5)],
    ]

    func write(_ section: Section, random: inout SeededRandom, into events: inout [Event]) {
        let span = cycleBeats > 5 ? cycleBeats / 2 : cycleBeats
        let comp = section.kind == .opening || section.kind == .breakdown ? 0 : random.below(HarmonyWriter.comps.count)
        let isDropped = random.chance(0.5)
        let chords = mood.raga.chords
        var beat = section.startBeat
        let end = section.startBeat + section.beats
        var turn = 0
        while beat < end - 0.01, !chords.isEmpty {
            let chord = chords[turn % chords.count]
            let following = chords[(turn + 1) % chords.count]
            let length = min(span, end - beat)
            keys(chord, at: beat, beats: length, comp: comp, isDropped: isDropped, random: &random, into: &events)
            if section.kind != .melody || mood.seat(.pad).level > 0.15 {
                pad(chord, at: beat, beats: length, into: &events)
            }
            if section.kind != .opening && section.kind != .breakdown {
                bass(chord, then: following, at: beat, beats: length, random: &random, into: &events)
            } else {
                events.append(
                    Event(beat: beat, beats: length * 0.9, part: .bass, pitch: low(chord[0]), velocity: 0.42))
            }
            beat += span
            turn += 1
        }
    }

    /// Chord tones between the fourth below middle Sa and the fifth above it.
    private func voicing(_ chord: [Int], isDropped: Bool) -> [Int] {
        var tones = chord.map { degree in degree > 7 ? degree - 12 : degree }.sorted()
        if isDropped, tones.count >= 4 { tones[tones.count - 2] -= 12 }
        return tones.sorted()
    }

    private func low(_ degree: Int) -> Int {
        let pitch = (degree > 7 ? degree - 12 : degree) - 24
        return Raga.hertz(pitch, tonic: mood.saHertz) < 46 ? pitch + 12 : pitch
    }

    private func keys(
        _ chord: [Int], at beat: Double, beats: Double, comp: Int, isDropped: Bool, random: inout SeededRandom,
        into events: inout [Event]
    ) {
        let tones = voicing(chord, isDropped: isDropped)
        for (offset, length, loudness) in HarmonyWriter.comps[comp] where offset < beats - 0.4 {
            let held = comp == 0 ? beats * 0.95 : min(length, beats - offset)
            for (index, pitch) in tones.enumerated() {
                events.append(
                    Event(
                        beat: beat + offset, beats: held, part: .keys, pitch: pitch,
                        velocity: loudness * random.between(0.8, 1), lagSeconds: Double(index) * 0.014))
            }
        }
    }

    private func pad(_ chord: [Int], at beat: Double, beats: Double, into events: inout [Event]) {
        for pitch in voicing(Array(chord.prefix(3)), isDropped: false) {
            events.append(Event(beat: beat, beats: beats, part: .pad, pitch: pitch, velocity: 0.6))
        }
    }

    private func bass(
        _ chord: [Int], then following: [Int], at beat: Double, beats: Double, random: inout SeededRandom,
        into events: inout [Event]
    ) {
        let root = low(chord[0])
        var hits: [(Double, Int)] = [(0, root)]
        if beats >= 3, random.chance(0.8) { hits.append((random.chance(0.5) ? 1.5 : 2.5, root)) }
        if beats >= 3, random.chance(0.45) {
            let target = low(following[0])
            let approach = target > root ? mood.raga.below(target) : mood.raga.above(target)
            if abs(approach - root) <= 9 { hits.append((beats - 0.5, approach)) }
        }
        for (index, hit) in hits.enumerated() {
            let until = index + 1 < hits.count ? hits[index + 1].0 : beats
            let length = max((until - hit.0) * 0.85, 0.25)
            events.append(
                Event(
                    beat: beat + hit.0, beats: length, part: .bass, pitch: hit.1,
                    velocity: (index == 0 ? 0.78 : 0.6) * random.between(0.92, 1.04)))
        }
    }
}
