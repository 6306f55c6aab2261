/// A melody instrument of plucked strings: each note takes the next string and damps the one before.
final class PluckedInstrument {
    private let strings: [PluckedString]
    private let drones: [PluckedString]
    private var next = 0
    private var nextDrone = 0
    private var residue = Residue()
    private var body = FourFilters()
    private var bodyLevels = SIMD4<Float>()
    private let recipe: PluckRecipe
    private let dry: Samples

    init(recipe: PluckRecipe, seed: UInt64, maximumFrames: Int) {
        self.recipe = recipe
        strings = (0..<4).map { PluckedString(recipe: recipe, seed: seed &+ UInt64($0) &* 7_919 &+ 1) }
        drones = (0..<3).map { PluckedString(recipe: .chikari, seed: seed &+ UInt64($0) &* 104_729 &+ 9) }
        for (lane, resonance) in recipe.body.prefix(4).enumerated() {
            body.tune(lane: lane, hertz: resonance.hertz, q: resonance.q)
            bodyLevels[lane] = resonance.level
        }
        dry = Samples(count: maximumFrames)
    }

    func start(_ tone: Tone) {
        for string in strings { string.damp() }
        let string = strings[next]
        next = (next + 1) % strings.count
        if string.isSounding { residue.absorb(string.lastSample) }
        string.pluck(tone)
    }

    /// A stroke on the open drone strings; the melody goes on ringing.
    func strum(_ tone: Tone) {
        let string = drones[nextDrone]
        nextDrone = (nextDrone + 1) % drones.count
        if string.isSounding { residue.absorb(string.lastSample) }
        string.pluck(tone)
    }

    func render(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        dry.clear(frames)
        for string in strings where string.isSounding { string.render(adding: dry.base, frames: frames) }
        for string in drones where string.isSounding { string.render(adding: dry.base, frames: frames) }
        residue.render(adding: dry.base, frames: frames)
        var body = body
        for i in 0..<frames {
            let x = dry.base[i]
            out[i] += x * recipe.direct + (body.band(SIMD4(repeating: x)) * bodyLevels).sum()
        }
        self.body = body
    }
}
