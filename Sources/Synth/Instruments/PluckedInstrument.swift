/// A melody instrument of plucked strings: each note takes the next string and damps the one before.
final class PluckedInstrument {
    private let strings: [PluckedString]
    private let drones: [PluckedString]
    private var next = 0
    private var nextDrone = 0
    private var residue = Residue()
    private var body: [StateVariable]
    private let recipe: PluckRecipe
    private let dry: Samples

    init(recipe: PluckRecipe, seed: UInt64, maximumFrames: Int) {
        self.recipe = recipe
        strings = (0..<4).map { PluckedString(recipe: recipe, seed: seed &+ UInt64($0) &* 7_919 &+ 1) }
        drones = (0..<3).map { PluckedString(recipe: .chikari, seed: seed &+ UInt64($0) &* 104_729 &+ 9) }
        body = recipe.body.map { StateVariable(hertz: $0.hertz, q: $0.q) }
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
        for i in 0..<frames { out[i] += dry.base[i] * recipe.direct }
        for index in body.indices {
            var filter = body[index]
            let level = recipe.body[index].level
            for i in 0..<frames { out[i] += filter.band(dry.base[i]) * level }
            body[index] = filter
        }
    }
}
