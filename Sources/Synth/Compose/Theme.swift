/// A tune: one rhythm, a question that stays open and an answer that comes home.
struct Theme: Sendable {
    /// Semiquavers; the last note is followed by a breath.
    var rhythm: [Int]
    var question: [Int]
    var answer: [Int]
}

/// Makes themes out of a raga's own ways of moving.
struct ThemeWriter {
    let raga: Raga
    let range: ClosedRange<Int>

    /// `density` 0...1; `centre` is where the tune lives.
    func theme(beats: Double, density: Float, centre: Int, random: inout SeededRandom) -> Theme {
        let rhythm = rhythm(beats: beats, density: density, random: &random)
        let start = nearest(random.pick(raga.rests, or: 0), to: centre)
        let open = nearest(random.pick(raga.rests.filter { $0 != 0 }, or: 7), to: centre)
        let home = nearest(0, to: centre - 3)
        let question = walk(count: rhythm.count, from: start, to: open, random: &random)
        // The answer sets out as the question did and turns home half-way.
        let kept = rhythm.count / 2
        let tail = walk(
            count: rhythm.count - kept, from: kept > 0 ? question[kept - 1] : start, to: home, random: &random,
            usesSignature: false)
        return Theme(rhythm: rhythm, question: question, answer: Array(question.prefix(kept)) + tail)
    }

    /// The pitch of `degree` nearest to `pitch` inside the range, if there is one.
    func nearest(_ degree: Int, to pitch: Int) -> Int {
        let candidates = range.filter { Raga.degree($0) == Raga.degree(degree) }
        return candidates.min { abs($0 - pitch) < abs($1 - pitch) } ?? degree
    }

    func rhythm(beats: Double, density: Float, random: inout SeededRandom) -> [Int] {
        let sparse = [[8], [6, 2], [4, 4], [12, 4], [4, 8]]
        let middling = [[4, 4], [3, 3, 2], [4, 2, 2], [6, 2], [2, 2, 4], [8]]
        let busy = [[2, 2, 2, 2], [3, 1, 4], [2, 1, 1, 4], [4, 2, 2], [3, 3, 2], [2, 2, 4]]
        let total = Int(beats * 4)
        let breath = max(4, min(total / 3, 4 + random.below(3) * 2))
        var rhythm: [Int] = []
        var filled = 0
        while filled < total - breath {
            let roll = random.unit() + (density - 0.5) * 0.8
            let cell = random.pick(roll < 0.3 ? sparse : (roll < 0.78 ? middling : busy), or: [4])
            for length in cell where filled < total - breath {
                rhythm.append(length)
                filled += length
            }
        }
        // The last note leans into the breath.
        if let last = rhythm.last { rhythm[rhythm.count - 1] = max(last, 4) }
        return rhythm
    }

    func walk(
        count: Int, from start: Int, to target: Int, random: inout SeededRandom, usesSignature: Bool = true
    ) -> [Int] {
        guard count > 1 else { return count == 1 ? [target] : [] }
        var pitches: [Int] = []
        if usesSignature, random.chance(0.75) {
            let fitting = raga.signatures.filter { $0.allSatisfy(range.contains) }
            pitches = Array(random.pick(fitting, or: []).prefix(count - 2))
        }
        if pitches.isEmpty { pitches = [start] }
        var pitch = pitches.last ?? start
        var rising = random.chance(0.55)
        while pitches.count < count - 1 {
            let remaining = count - pitches.count
            let gap = raga.steps(from: pitch, to: target)
            let isPressed = abs(gap) >= remaining
            if isPressed {
                rising = gap > 0
            } else if random.chance(0.28) {
                rising.toggle()
            }
            if !isPressed, random.chance(0.1) {
                pitches.append(pitch)
                continue
            }
            var next = step(pitch, rising)
            if abs(gap) < remaining - 2, random.chance(0.14) { next = step(next, rising) }
            if !range.contains(next) {
                rising.toggle()
                next = step(pitch, rising)
            }
            pitch = next
            pitches.append(pitch)
        }
        pitches.append(target)
        return pitches
    }

    private func step(_ pitch: Int, _ rising: Bool) -> Int {
        rising ? raga.above(pitch) : raga.below(pitch)
    }
}
