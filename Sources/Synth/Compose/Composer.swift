/// Turns a request into sections of events. Every section is composed from the request and its own index, so an hour
/// takes no more memory than a minute.
struct Composer: Sendable {
    let mood: Mood
    let form: Form
    private let promptKey: UInt64
    private let seed: UInt64
    private let chunkIndex: Int

    /// Sections before the chunk's tunes are made anew.
    private static let sectionsPerTheme = 9
    /// Chunks of one seed that share their first tune.
    private static let chunksPerTheme = 3

    init(_ request: SynthRequest) {
        mood = Mood.chosen(promptIndex: request.promptIndex, promptText: request.promptText)
        form = Form(mood: mood, frames: request.frames)
        promptKey = UInt64(bitPattern: Int64(request.promptIndex)) ^ Mood.fingerprint(request.promptText)
        seed = request.seed
        chunkIndex = request.chunkIndex
    }

    /// A seed for the instruments' own noise.
    var noiseSeed: UInt64 {
        var random = SeededRandom(mixing: seed, promptKey, UInt64(bitPattern: Int64(chunkIndex)), 0xD057)
        return random.next()
    }

    private var drone: DroneWriter {
        DroneWriter(mood: mood, grid: form.grid, cycleBeats: form.cycleBeats)
    }

    /// Beats before the chunk that are played unheard, so that it begins in a room already sounding.
    var leadInBeats: Double { drone.roundBeats }

    /// The drone before the first beat.
    func leadIn() -> [Event] {
        var random = SeededRandom(mixing: seed, promptKey, 0x1EAD)
        var events: [Event] = []
        drone.tanpura(from: -leadInBeats, to: 0, random: &random, into: &events)
        return events
    }

    /// The events of one section in the order of their beats.
    func compose(_ section: Section) -> [Event] {
        let chunk = UInt64(bitPattern: Int64(chunkIndex))
        var random = SeededRandom(mixing: seed, promptKey, chunk, UInt64(section.index), 0x5EC7)
        var events: [Event] = []
        drone.tanpura(
            from: section.startBeat, to: section.startBeat + section.beats, random: &random, into: &events)
        drone.bells(section, random: &random, into: &events)
        HarmonyWriter(mood: mood, cycleBeats: form.cycleBeats).write(section, random: &random, into: &events)
        PercussionWriter(mood: mood, cycleBeats: form.cycleBeats, isFirstChunk: chunkIndex == 0)
            .write(section, random: &random, into: &events)
        let themes = themes(for: section)
        MelodyWriter(mood: mood, theme: themes.0, second: themes.1).write(section, random: &random, into: &events)
        return events.filter { mood.plays($0.part) }.sorted {
            ($0.beat, $0.part.rawValue) < ($1.beat, $1.part.rawValue)
        }
    }

    private func themes(for section: Section) -> (Theme, Theme) {
        let era = section.index / Composer.sectionsPerTheme
        let family = chunkIndex.quotientAndRemainder(dividingBy: Composer.chunksPerTheme).quotient
        var random = SeededRandom(
            mixing: seed, promptKey, UInt64(bitPattern: Int64(family)), UInt64(era), 0x7E3E)
        let writer = ThemeWriter(raga: mood.raga, range: mood.range)
        let first = writer.theme(
            beats: section.phraseBeats, density: mood.density, centre: 4, random: &random)
        // The second tune belongs to the chunk alone and lies higher.
        var own = SeededRandom(
            mixing: seed, promptKey, UInt64(bitPattern: Int64(chunkIndex)), UInt64(era), 0x5EC0)
        let second = writer.theme(
            beats: section.phraseBeats, density: min(mood.density + 0.1, 1), centre: 9, random: &own)
        return (first, second)
    }
}
