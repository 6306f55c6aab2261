public import Domain

/// A track from another Buffer: verified, and staged in the import's directory.
public struct IncomingTrack: Sendable, Equatable {
    /// The file to move, in `BufferDirectory.importDirectory`.
    public var file: String
    public var sha256: String
    public var frames: Int
    /// The turn of its prompt that it belonged to: the number of that turn's first track.
    public var turn: Int
    /// As the station counts its prompts.
    public var promptIndex: Int
    public var title: String
    public var provenance: Provenance

    public init(
        file: String, sha256: String, frames: Int, turn: Int, promptIndex: Int, title: String, provenance: Provenance
    ) {
        self.file = file
        self.sha256 = sha256
        self.frames = frames
        self.turn = turn
        self.promptIndex = promptIndex
        self.title = title
        self.provenance = provenance
    }
}

/// What taking tracks in came to.
public struct ImportOutcome: Sendable, Equatable {
    public var tracks: Int
    /// Numbers given; nil when nothing was taken in.
    public var firstNumber: Int?
    public var lastNumber: Int?
    /// Turns of prompts, and how many of them were not whole.
    public var turns: Int
    public var partialTurns: Int
    /// Slots of the turn that was under way, left to the generators.
    public var slotsLeftOpen: Int

    static let nothing = ImportOutcome(tracks: 0, turns: 0, partialTurns: 0, slotsLeftOpen: 0)
}

/// Where incoming tracks go in the station's order.
///
/// They come after the last slot given out. A turn that is under way is not cut short: its remaining slots are left
/// open for the generators. Then follow the incoming turns that are whole, each prompt in its turn, beginning with
/// the one the station would have come to; a prompt of which there is none is passed over. Turns that are not whole,
/// because the source was not finished or a track was refused, close up and come last, in the same order; the
/// generators go on with the very last one, as they would with one of their own.
struct ImportPlacement {
    var open: [Slot] = []
    var placed: [(track: IncomingTrack, slot: Slot)] = []
    var turns = 0
    var partialTurns = 0

    private struct Turn {
        var promptIndex: Int
        var tracks: [IncomingTrack]
    }

    /// - Parameter tracks: in the source's order.
    init(_ tracks: [IncomingTrack], after last: Slot?, rules: BufferRules) {
        var cursor = last
        if let last, last.promptIndex < rules.promptCount {
            while let now = cursor, now.positionInPrompt + 1 < rules.chunksPerPrompt {
                let next = rules.slot(after: now)
                open.append(next)
                cursor = next
            }
        }
        var next = cursor.map { rules.slot(after: $0).promptIndex } ?? 0
        var number = (cursor?.number ?? 0) + 1
        let all = Self.turns(of: tracks, rules: rules)
        let whole = all.filter { $0.tracks.count == rules.chunksPerPrompt }
        let partial = all.filter { $0.tracks.count != rules.chunksPerPrompt }
        for turn in Self.rotated(whole, from: &next, rules) + Self.rotated(partial, from: &next, rules) {
            for (position, track) in turn.tracks.enumerated() {
                placed.append(
                    (track, Slot(number: number, promptIndex: turn.promptIndex, positionInPrompt: position)))
                number += 1
            }
        }
        turns = all.count
        partialTurns = partial.count
    }

    private static func turns(of tracks: [IncomingTrack], rules: BufferRules) -> [Turn] {
        var turns: [Turn] = []
        var before: IncomingTrack?
        for track in tracks {
            if let last = turns.indices.last, before?.turn == track.turn, turns[last].promptIndex == track.promptIndex,
                turns[last].tracks.count < rules.chunksPerPrompt
            {
                turns[last].tracks.append(track)
            } else {
                turns.append(Turn(promptIndex: track.promptIndex, tracks: [track]))
            }
            before = track
        }
        return turns
    }

    /// The turns in the order of the rotation, each prompt's own in the order they came.
    private static func rotated(_ turns: [Turn], from next: inout Int, _ rules: BufferRules) -> [Turn] {
        var waiting: [Int: [Turn]] = [:]
        for turn in turns.reversed() { waiting[turn.promptIndex, default: []].append(turn) }
        var ordered: [Turn] = []
        while ordered.count < turns.count {
            if let turn = waiting[next]?.popLast() { ordered.append(turn) }
            next = (next + 1) % rules.promptCount
        }
        return ordered
    }
}
