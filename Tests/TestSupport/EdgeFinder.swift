/// Settles to the frame what lies between two known places of the signal (or before the first, or after the last).
///
/// It takes the cheapest way through the region frame by frame (Viterbi), where each frame costs what it differs
/// from the signal before, the signal after, a mix of both, or silence, and each change costs something too.
struct EdgeFinder {
    let sound: HeardSound
    let before: SignalPlace?
    let after: SignalPlace?

    /// In shares of the signal's power: what a change costs, what a frame of unknown sound costs, and by how much
    /// a mix must explain a frame better than one signal alone.
    private static let changeCost: Float = 5
    /// A few dozen frames of any sound can look like the signal by chance, so it takes more to come back to it.
    private static let returnCost: Float = 20
    private static let unknownCost: Float = 0.4
    private static let mixCost: Float = 0.004
    /// Silence is told from quiet sound by this factor: -10 dB of the signal cost as much as unknown sound.
    private static let silenceFactor: Float = 4
    /// Longer regions are settled at their two ends only: 24 s.
    private static let longest = 1 << 20
    private static let never: Float = 1e30

    private enum State: Int, CaseIterable {
        case before, after, mixed, silence, unknown

        /// The states up to here are signal.
        static let signalCount = 3
    }

    func pieces(_ region: Range<Int>) -> [(PieceKind, Range<Int>)] {
        guard region.count > Self.longest else { return settle(region) }
        let edge = 1 << 17
        let left = region.lowerBound..<(region.lowerBound + edge)
        let right = (region.upperBound - edge)..<region.upperBound
        return EdgeFinder(sound: sound, before: before, after: nil).settle(left)
            + coarse(left.upperBound..<right.lowerBound)
            + EdgeFinder(sound: sound, before: nil, after: after).settle(right)
    }

    /// Silence and sound, block by block.
    private func coarse(_ region: Range<Int>) -> [(PieceKind, Range<Int>)] {
        stride(from: region.lowerBound, to: region.upperBound, by: FarEnd.block).map { start in
            let range = start..<min(start + FarEnd.block, region.upperBound)
            return (sound.level(range) > FarEnd.silenceLevel ? .unknown : .silence, range)
        }
    }

    private func settle(_ region: Range<Int>) -> [(PieceKind, Range<Int>)] {
        let mix = mixFit(region)
        let states = cheapestWay(region, mix: mix)
        var pieces: [(PieceKind, Range<Int>)] = []
        for (place, state) in states.enumerated() {
            let frame = region.lowerBound + place
            let kind = kind(of: state, mix: mix, place: place)
            if let last = pieces.last, last.0 == kind {
                pieces[pieces.count - 1].1 = last.1.lowerBound..<(frame + 1)
            } else {
                pieces.append((kind, frame..<(frame + 1)))
            }
        }
        return pieces
    }

    /// In a mix one of the two may be gone already: then it is a fade of the other.
    private func kind(of state: State, mix: MixFit?, place: Int) -> PieceKind {
        let leaving = before?.offset ?? 0
        let coming = after?.offset ?? 0
        switch state {
        case .before: return .signal(offset: leaving)
        case .after: return .signal(offset: coming)
        case .silence: return .silence
        case .unknown: return .unknown
        case .mixed:
            guard let mix else { return .unknown }
            let (old, new) = mix.gains(at: place)
            if max(old, new) < FarEnd.leastGain { return .silence }
            if new < 0.04 * old { return .signal(offset: leaving) }
            if old < 0.04 * new { return .signal(offset: coming) }
            return .mixed(leaving: leaving, coming: coming)
        }
    }

    private func cheapestWay(_ region: Range<Int>, mix: MixFit?) -> [State] {
        let heard = sound.mid(region)
        let old = before.map { place in sound.expected(region, offset: place.offset).map { $0 * place.gain } }
        let new = after.map { place in sound.expected(region, offset: place.offset).map { $0 * place.gain } }
        let gains = [before?.gain, after?.gain].compactMap(\.self)
        let gain = gains.isEmpty ? 1 : gains.reduce(0, +) / Float(gains.count)
        let scale = 1 / (gain * gain * FarEnd.signalPower)
        let count = State.allCases.count
        var costs = [Float](repeating: Self.changeCost, count: count)
        if before != nil {
            costs = [Float](repeating: Self.never, count: count)
            costs[State.before.rawValue] = 0
        }
        var next = costs
        var cameFrom = [UInt8](repeating: 0, count: region.count * count)
        for place in 0..<region.count {
            let bestSignal = Self.cheapest(of: costs, in: 0..<State.signalCount)
            let bestOther = Self.cheapest(of: costs, in: State.signalCount..<count)
            // Counted from the cheapest on, so that small costs are not lost in a large sum.
            let base = min(costs[bestSignal], costs[bestOther])
            let sample = heard[place]
            for state in 0..<count {
                let back = state < State.signalCount ? Self.returnCost : Self.changeCost
                let viaSignal = costs[bestSignal] + Self.changeCost < costs[bestOther] + back
                let change = min(costs[bestSignal] + Self.changeCost, costs[bestOther] + back)
                let stays = costs[state] <= change
                cameFrom[place * count + state] = UInt8(stays ? state : viaSignal ? bestSignal : bestOther)
                next[state] = min(costs[state], change) - base
            }
            swap(&costs, &next)
            costs[State.before.rawValue] +=
                old.map { ($0[place] - sample) * ($0[place] - sample) * scale } ?? Self.never
            costs[State.after.rawValue] += new.map { ($0[place] - sample) * ($0[place] - sample) * scale } ?? Self.never
            costs[State.mixed.rawValue] += mix?.residual(at: place).map { $0 * scale + Self.mixCost } ?? Self.never
            costs[State.silence.rawValue] += sample * sample * scale * Self.silenceFactor
            costs[State.unknown.rawValue] += Self.unknownCost
        }
        return traceBack(cameFrom, costs: costs)
    }

    private static func cheapest(of costs: [Float], in states: Range<Int>) -> Int {
        var best = states.lowerBound
        for state in states where costs[state] < costs[best] { best = state }
        return best
    }

    private func traceBack(_ cameFrom: [UInt8], costs: [Float]) -> [State] {
        let count = State.allCases.count
        var state = State.after.rawValue
        if after == nil { for other in 0..<count where costs[other] < costs[state] { state = other } }
        var way = [State](repeating: .unknown, count: cameFrom.count / count)
        for place in way.indices.reversed() {
            way[place] = State(rawValue: state) ?? .unknown
            state = Int(cameFrom[place * count + state])
        }
        return way
    }

    /// The best mix of both signals; nil where there are not two, or they are too alike to tell apart.
    private func mixFit(_ region: Range<Int>) -> MixFit? {
        guard let before, let after else { return nil }
        guard abs(FarEndReport.nearest(before.offset - after.offset)) > 64 else { return nil }
        return MixFit(
            heard: sound.mid(region), old: sound.expected(region, offset: before.offset),
            new: sound.expected(region, offset: after.offset))
    }
}

/// The best sum of two signals with gains of their own for each 256 frames, measured over 512.
private struct MixFit {
    private static let step = 256
    private var cells: [(old: Float, new: Float, residual: Float, heard: Float)] = []

    init(heard: [Float], old: [Float], new: [Float]) {
        for start in stride(from: 0, to: heard.count, by: Self.step) {
            let from = max(0, start - Self.step / 2)
            let to = min(heard.count, start + Self.step + Self.step / 2)
            var (oo, nn, on, ho, hn, hh) = (Float(0), Float(0), Float(0), Float(0), Float(0), Float(0))
            for place in from..<to {
                let (one, other, sound) = (old[place], new[place], heard[place])
                oo += one * one
                nn += other * other
                on += one * other
                ho += sound * one
                hn += sound * other
                hh += sound * sound
            }
            let determinant = max(oo * nn - on * on, 1e-12)
            let oldGain = max(0, (ho * nn - hn * on) / determinant)
            let newGain = max(0, (hn * oo - ho * on) / determinant)
            let explained = 2 * oldGain * ho + 2 * newGain * hn
            let power = oldGain * oldGain * oo + newGain * newGain * nn + 2 * oldGain * newGain * on
            let frames = Float(to - from)
            cells.append((oldGain, newGain, max(0, hh - explained + power) / frames, hh / frames))
        }
    }

    /// What the mix leaves unexplained, in power a frame; nil where that is too much to call it a mix.
    func residual(at place: Int) -> Float? {
        let cell = cells[place / Self.step]
        return cell.residual < 0.1 * cell.heard ? cell.residual : nil
    }

    func gains(at place: Int) -> (Float, Float) { (cells[place / Self.step].old, cells[place / Self.step].new) }
}
