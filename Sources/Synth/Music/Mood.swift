/// An instrument's place in the station: what an event is for.
enum Part: Int, Sendable, CaseIterable {
    case tanpura, string, bansuri, santoor, keys, bass, pad, bell, tabla, drums

    var isPitched: Bool { self != .tabla && self != .drums }
}

/// Everything that makes one prompt sound like itself, as data.
struct Mood: Sendable {
    /// Linear level of each part, and its place from -1 (left) to 1.
    struct Seat: Sendable {
        var level: Float
        var pan: Float = 0
        /// Share sent to the reverb.
        var room: Float = 0.2
    }

    let name: String
    /// Words that call this mood, all lower case.
    let words: [String]
    let raga: Raga
    /// Middle Sa in Hz.
    let saHertz: Float
    let taal: Taal
    let groove: Groove
    /// Tempo before it is fitted to the chunk; 60...90.
    let beatsPerMinute: Double
    /// Where the off-beat quaver falls, 0.5 (straight) to 0.62.
    let swing: Double
    let pluck: PluckRecipe
    /// Who sings: the first leads, the second answers.
    let lead: Part
    let answer: Part
    /// Lowest and highest pitch of the leading melody.
    let range: ClosedRange<Int>
    /// 0 sparse ... 1 busy.
    let density: Float
    var seats: [Part: Seat]
    let ambience: AmbienceRecipe
    let padHertz: Float
    let roomSeconds: Float
    let wow: Float
    let drive: Float
    /// Corner of the tape's low-pass.
    let topHertz: Float
    /// Makes the finished mix about -16 LUFS.
    let gain: Float

    func seat(_ part: Part) -> Seat {
        seats[part] ?? Seat(level: 0)
    }

    func plays(_ part: Part) -> Bool {
        seat(part).level > 0
    }
}
