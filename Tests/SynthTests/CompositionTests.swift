import Testing

@testable import Synth

@Suite("What the composer writes")
struct CompositionTests {
    private func events(_ request: SynthRequest) -> (Composer, [Event]) {
        let composer = Composer(request)
        return (composer, composer.leadIn() + composer.form.sections.flatMap(composer.compose))
    }

    @Test("every pitched note and every slide belongs to the raga", arguments: 0..<10)
    func isInKey(prompt: Int) {
        for seed in 0..<12 as Range<UInt64> {
            let request = Listening.request(prompt, seed: seed, chunk: Int(seed % 4), frames: 44_100 * 180)
            let (composer, events) = events(request)
            let raga = composer.mood.raga
            let pitched = events.filter(\.part.isPitched)
            #expect(pitched.count > 200)
            for event in pitched {
                #expect(raga.contains(event.pitch), "\(raga.name): \(event.part) plays \(event.pitch)")
                if let from = event.slideFrom {
                    #expect(raga.contains(from), "\(raga.name): \(event.part) slides from \(from)")
                }
            }
        }
    }

    @Test("every event lies on the grid of its section", arguments: 0..<10)
    func isInTime(prompt: Int) {
        let (composer, _) = events(Listening.request(prompt, frames: 44_100 * 120))
        for section in composer.form.sections {
            let events = composer.compose(section)
            #expect(!events.isEmpty)
            for event in events {
                let eighths = event.beat * 8
                #expect(abs(eighths - eighths.rounded()) < 1e-6, "\(event)")
                #expect(event.beat >= section.startBeat - 1e-9)
                #expect(event.beat < section.startBeat + section.beats + 2)
                #expect(event.velocity > 0 && event.velocity <= 1.3)
            }
        }
    }

    @Test("tempo stays within 60 to 90 and fills a minute with whole cycles", arguments: 0..<10)
    func tempoFits(prompt: Int) {
        for seconds in [1, 7, 60, 61, 300, 3_600] {
            let form = Composer(Listening.request(prompt, frames: 44_100 * seconds)).form
            #expect((60...90).contains(form.grid.beatsPerMinute))
            let end = form.sections.last.map { $0.startBeat + $0.beats } ?? 0
            #expect(form.grid.frame(end) >= 44_100 * seconds - 2)
        }
    }

    @Test("the ten moods differ in raga, and in tonic, taal and tempo taken together")
    func moodsAreDistinct() {
        #expect(Mood.all.count == 10)
        #expect(Set(Mood.all.map(\.raga.name)).count == 10)
        #expect(Set(Mood.all.map { "\($0.saHertz) \($0.taal.name) \($0.beatsPerMinute)" }).count == 10)
        for mood in Mood.all {
            for note in mood.raga.rests + mood.raga.signatures.flatMap(\.self) + mood.raga.chords.flatMap(\.self) {
                #expect(mood.raga.contains(note), "\(mood.raga.name): \(note)")
            }
            #expect(mood.groove.hat.utf8.count == Int(mood.taal.beats * 4), "\(mood.name)")
            #expect(mood.groove.kick.utf8.count == Int(mood.taal.beats * 4), "\(mood.name)")
            #expect(mood.groove.snare.utf8.count == Int(mood.taal.beats * 4), "\(mood.name)")
        }
    }

    @Test("words choose the mood where the index does not")
    func wordsChoose() {
        func name(_ index: Int, _ text: String) -> String { Mood.chosen(promptIndex: index, promptText: text).name }
        for index in 0..<10 { #expect(name(index, "") == Mood.all[index].name) }
        #expect(name(9, "midnight train to Jaipur, sitar, lofi") == Mood.nightTrain.name)
        #expect(name(2, "late-night tabla lofi") == Mood.lateNightTabla.name)
        #expect(name(42, "Temple bells at noon") == Mood.temple.name)
        #expect(name(13, "no word it knows") == Mood.all[3].name)
        #expect(name(-1, "") == Mood.all[9].name)
    }

    @Test("a phrase's answer comes home to Sa and its question does not")
    func answersComeHome() {
        for mood in Mood.all {
            let writer = ThemeWriter(raga: mood.raga, range: mood.range)
            for seed in 0..<20 as Range<UInt64> {
                var random = SeededRandom(seed: seed)
                let theme = writer.theme(beats: 8, density: mood.density, centre: 4, random: &random)
                #expect(theme.rhythm.count == theme.question.count)
                #expect(theme.rhythm.count == theme.answer.count)
                #expect(theme.answer.last.map(Raga.degree) == 0)
                if theme.question.count > 1 { #expect(theme.question.last.map(Raga.degree) != 0) }
            }
        }
    }
}
