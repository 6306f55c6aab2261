/// The musicians: every instrument of one render, its seat, and the two buses they play into.
final class Band {
    /// The longest stretch rendered at once; pitches and envelopes move between stretches.
    static let maximumFrames = 128

    let left = Samples(count: Band.maximumFrames)
    let right = Samples(count: Band.maximumFrames)
    private let send = Samples(count: Band.maximumFrames)
    private let scratch = Samples(count: Band.maximumFrames * 2)
    private let halo = Samples(count: Band.maximumFrames)
    private let duck = Samples(count: Band.maximumFrames)

    private let mood: Mood
    private let grid: Grid
    private let tanpura = PartialVoices(voices: 7, maximumFrames: Band.maximumFrames)
    private let santoor = PartialVoices(voices: 9, maximumFrames: Band.maximumFrames)
    private let bell = PartialVoices(voices: 6, maximumFrames: Band.maximumFrames)
    private let string: PluckedInstrument
    private let taraf: SympatheticStrings
    private let bansuri: Bansuri
    private let keys = ElectricPiano()
    private let bass = SoftBass()
    private let pad: StringPad
    private let tabla: Tabla
    private let drums: DustyDrums
    private let reverb: Reverb
    private var ducking = Ducking(depth: 0.28)
    private var autopan: Float = 0
    private var detune = SeededRandom(seed: 11)

    init(mood: Mood, grid: Grid, seed: UInt64) {
        self.mood = mood
        self.grid = grid
        string = PluckedInstrument(recipe: mood.pluck, seed: seed &+ 1, maximumFrames: Band.maximumFrames)
        let degrees = mood.raga.descent
        taraf = SympatheticStrings(
            hertz: degrees.prefix(5).map { Raga.hertz($0 + ($0 < 5 ? 12 : 0), tonic: mood.saHertz) })
        bansuri = Bansuri(seed: seed &+ 2)
        pad = StringPad(hertz: mood.padHertz, attackSeconds: 0.7)
        tabla = Tabla(saHertz: mood.saHertz, seed: seed &+ 3, maximumFrames: Band.maximumFrames)
        var kick = mood.saHertz
        while kick > 66 { kick /= 2 }
        drums = DustyDrums(kickHertz: kick, seed: seed &+ 4)
        reverb = Reverb(seconds: mood.roomSeconds, hertz: 3_600)
    }

    func start(_ event: Event) {
        let tone = tone(for: event)
        switch event.part {
        case .tanpura:
            let drift = detune.between(0.9994, 1.0006)
            tanpura.start(.tanpura, hertz: tone.hertz * drift, level: event.velocity)
        case .string: event.isStrum ? string.strum(tone) : string.start(tone)
        case .bansuri: bansuri.start(tone)
        case .santoor: santoor.start(.santoor, hertz: tone.hertz, level: event.velocity)
        case .keys: keys.start(tone)
        case .bass: bass.start(tone)
        case .pad: pad.start(tone)
        case .bell: bell.start(.bell, hertz: tone.hertz, level: event.velocity)
        case .tabla: tabla.start(event.stroke, velocity: event.velocity)
        case .drums:
            drums.start(event.stroke, velocity: event.velocity)
            if event.stroke == .kick { ducking.strike(event.velocity) }
        }
    }

    private func tone(for event: Event) -> Tone {
        let hertz = Raga.hertz(event.pitch, tonic: mood.saHertz)
        let seconds = Float(event.beats * grid.secondsPerBeat)
        var tone = Tone(hertz: hertz, fromHertz: hertz, seconds: seconds, velocity: event.velocity)
        tone.legato = event.isLegato
        if let from = event.slideFrom {
            tone.fromHertz = Raga.hertz(from, tonic: mood.saHertz)
            tone.slideWait = event.isMeend ? min(0.11, seconds * 0.25) : 0.025
            tone.slideLength = event.isMeend ? min(0.19, seconds * 0.45) : 0.06
        }
        return tone
    }

    /// Fills `left` and `right` with the next `frames` of music, reverb included, ambience not.
    func render(frames: Int) {
        left.clear(frames)
        right.clear(frames)
        send.clear(frames)
        ducking.render(into: duck.base, frames: frames)
        autopan = wrappedFar(autopan + Float(frames) / SampleRate.hertz * 0.7)

        part(.tanpura, frames, isDucked: true) { self.tanpura.render(adding: $0, frames: frames) }
        part(.string, frames) { out in
            self.string.render(adding: out, frames: frames)
            guard self.mood.pluck.bridge > 1 else { return }
            self.halo.clear(frames)
            self.taraf.render(hearing: out, adding: self.halo.base, frames: frames, level: 0.5)
            for i in 0..<frames { out[i] += self.halo.base[i] }
        }
        part(.bansuri, frames) { self.bansuri.render(adding: $0, frames: frames) }
        part(.santoor, frames) { self.santoor.render(adding: $0, frames: frames) }
        part(.bell, frames) { self.bell.render(adding: $0, frames: frames) }
        part(.keys, frames, isDucked: true, sway: 0.35 * sine(turns: autopan)) {
            self.keys.render(adding: $0, frames: frames)
        }
        part(.bass, frames) { self.bass.render(adding: $0, frames: frames) }
        part(.tabla, frames) { self.tabla.render(adding: $0, frames: frames) }
        part(.drums, frames) { self.drums.render(adding: $0, frames: frames) }
        renderPad(frames)
        reverb.render(hearing: send.base, addingLeft: left.base, right: right.base, frames: frames)
    }

    private var swayBefore: Float = 0

    @inline(__always)
    private func part(
        _ part: Part, _ frames: Int, isDucked: Bool = false, sway: Float = 0,
        _ play: (UnsafeMutablePointer<Float>) -> Void
    ) {
        guard mood.plays(part) else { return }
        let seat = mood.seat(part)
        scratch.clear(frames)
        play(scratch.base)
        let out = scratch.base
        if isDucked {
            for i in 0..<frames { out[i] *= duck.base[i] }
        }
        // Linear panning: the sum of both sides is the same wherever the part sits, so mono loses nothing.
        var lean = seat.pan + (part == .keys ? swayBefore : 0)
        let slope = part == .keys ? (sway - swayBefore) / Float(frames) : 0
        for i in 0..<frames {
            lean += slope
            let y = out[i] * seat.level
            left.base[i] += y * (1 - lean)
            right.base[i] += y * (1 + lean)
            send.base[i] += y * seat.room
        }
        if part == .keys { swayBefore = sway }
    }

    private func renderPad(_ frames: Int) {
        let seat = mood.seat(.pad)
        guard seat.level > 0 else { return }
        // The halo is free again by now, and the scratch is the pad's own.
        halo.clear(frames)
        padRight.clear(frames)
        pad.render(addingLeft: halo.base, right: padRight.base, scratch: scratch, frames: frames)
        for i in 0..<frames {
            let gain = seat.level * duck.base[i]
            left.base[i] += halo.base[i] * gain
            right.base[i] += padRight.base[i] * gain
            send.base[i] += (halo.base[i] + padRight.base[i]) * 0.5 * gain * seat.room
        }
    }

    private let padRight = Samples(count: Band.maximumFrames)
}
