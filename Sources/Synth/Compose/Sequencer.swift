/// Hands out events in the order of their frames, composing each section only when it is near.
struct Sequencer {
    struct Cue {
        var frame: Int
        var event: Event
    }

    private let composer: Composer
    private var nextSection = 0
    private var pending: [Cue]
    private var head = 0

    init(composer: Composer) {
        self.composer = composer
        pending = Sequencer.cues(composer.leadIn(), composer.form.grid)
    }

    private static func cues(_ events: [Event], _ grid: Grid) -> [Cue] {
        events.map { Cue(frame: grid.frame($0.beat, lagSeconds: $0.lagSeconds), event: $0) }
            .sorted { $0.frame < $1.frame }
    }

    /// The next cue due before `frame`, if any.
    mutating func next(before frame: Int) -> Cue? {
        let sections = composer.form.sections
        while nextSection < sections.count, composer.form.grid.frame(sections[nextSection].startBeat) < frame {
            let late = Array(pending[head...])
            head = 0
            let fresh = Sequencer.cues(composer.compose(sections[nextSection]), composer.form.grid)
            pending = late.isEmpty ? fresh : (late + fresh).sorted { $0.frame < $1.frame }
            nextSection += 1
        }
        guard head < pending.count, pending[head].frame < frame else { return nil }
        head += 1
        return pending[head - 1]
    }
}
