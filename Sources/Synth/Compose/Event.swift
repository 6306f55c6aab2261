/// One thing to play. Beats count from the start of the chunk.
struct Event: Sendable, Equatable {
    var beat: Double
    var beats: Double
    var part: Part
    /// Semitones above middle Sa; meaningless for strokes.
    var pitch = 0
    /// The pitch it slides from, if it slides.
    var slideFrom: Int?
    /// A meend waits and pulls; a kan only flicks.
    var isMeend = false
    var isLegato = false
    /// On the open drone strings of a plucked instrument.
    var isStrum = false
    var stroke: Stroke = .na
    var velocity: Float
    /// Behind the grid on purpose: the roll of a chord.
    var lagSeconds: Double = 0
}
