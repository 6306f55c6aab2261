/// What the room sounds like, as data. Levels are linear, rates per second, frequencies in Hz.
struct AmbienceRecipe {
    struct Layer {
        var hertz: Float
        var q: Float
        var level: Float
        /// How fast and how far the level and the centre wander.
        var swellsPerSecond: Float = 0.1
        var swell: Float = 0
    }
    /// Two at most.
    var layers: [Layer] = []
    var dropsPerSecond: Float = 0
    var dropLevel: Float = 0
    var dropHertz: ClosedRange<Float> = 900...3_200
    var cracklesPerSecond: Float = 0
    var crackleLevel: Float = 0
    var cricketLevel: Float = 0
}

/// Rain, wind, river, street, record surface and crickets, in stereo, out of filtered noise and chance.
final class Ambience {
    private struct Drop {
        var phase: Float = 0
        var step: Float = 0
        var chirp: Float = 1
        var level: Float = 0
        var fade: Float = 0.99
        var pan: Float = 0.5
        var attack: Float = 0
    }

    private let recipe: AmbienceRecipe
    private var filters = FourFilters()
    private var noises: FourNoises
    private var swells: [Float]
    private var goals: [Float]
    private var countdowns: [Float]
    private var drops = [Drop](repeating: Drop(), count: 12)
    private var nextDrop = 0
    private var chance: SeededRandom
    // Two poles each: dust under a worn stylus, round at the front, where one pole would leave a bare step.
    private var crackleLeft = (OnePole(hertz: 2_600), OnePole(hertz: 2_600))
    private var crackleRight = (OnePole(hertz: 2_600), OnePole(hertz: 2_600))
    private var cricketPhase: Float = 0
    private var cricketPulse: Float = 0
    private var cricketBreath: Float = 0

    init(recipe: AmbienceRecipe, seed: UInt64) {
        self.recipe = recipe
        noises = FourNoises(seed: seed)
        swells = recipe.layers.map { _ in 0.5 }
        goals = swells
        countdowns = recipe.layers.map { _ in 0 }
        chance = SeededRandom(seed: seed ^ 0xA11CE)
        for (index, layer) in recipe.layers.prefix(2).enumerated() {
            filters.tune(lane: index * 2, hertz: layer.hertz, q: layer.q)
            filters.tune(lane: index * 2 + 1, hertz: layer.hertz, q: layer.q)
        }
    }

    func render(
        addingLeft left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>, frames: Int
    ) {
        let span = Float(frames) / SampleRate.hertz
        renderLayers(left, right, frames, span)
        if recipe.dropsPerSecond > 0 { renderDrops(left, right, frames, span) }
        if recipe.cracklesPerSecond > 0 { renderCrackle(left, right, frames) }
        if recipe.cricketLevel > 0 { renderCrickets(left, right, frames) }
    }

    /// Lanes 0 and 1 are the first layer's left and right, 2 and 3 the second's.
    private func renderLayers(
        _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>, _ frames: Int, _ span: Float
    ) {
        var gain = SIMD4<Float>()
        var slope = SIMD4<Float>()
        for (index, layer) in recipe.layers.prefix(2).enumerated() {
            countdowns[index] -= span
            if countdowns[index] <= 0 {
                goals[index] = chance.unit()
                countdowns[index] = chance.between(0.5, 1.5) / max(layer.swellsPerSecond, 0.01)
            }
            let before = swells[index]
            swells[index] += (goals[index] - before) * min(span * layer.swellsPerSecond * 3, 1)
            let rise = layer.level * 2 * layer.swell
            for lane in (index * 2)...(index * 2 + 1) {
                gain[lane] = layer.level * (1 - layer.swell) + rise * before
                slope[lane] = rise * (swells[index] - before) / Float(frames)
                if layer.swell > 0.2 {
                    filters.tune(lane: lane, hertz: layer.hertz * (0.75 + 0.5 * swells[index]), q: layer.q)
                }
            }
        }
        var filters = filters
        var noises = noises
        for i in 0..<frames {
            gain += slope
            let y = filters.band(noises.next()) * gain
            left[i] += y[0] + y[2]
            right[i] += y[1] + y[3]
        }
        self.filters = filters
        self.noises = noises
    }

    private func renderDrops(
        _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>, _ frames: Int, _ span: Float
    ) {
        if chance.chance(min(recipe.dropsPerSecond * span, 1)) {
            let hertz = chance.between(recipe.dropHertz.lowerBound, recipe.dropHertz.upperBound)
            if drops[nextDrop].level < 1e-3 {
                let loud = chance.unit()
                drops[nextDrop] = Drop(
                    phase: 0, step: hertz / SampleRate.hertz, chirp: 1 + chance.between(-0.00004, 0.00012),
                    level: recipe.dropLevel * loud * loud, fade: SampleRate.decay(chance.between(0.004, 0.022)),
                    pan: chance.between(0.1, 0.9), attack: 0)
            }
            nextDrop = (nextDrop + 1) % drops.count
        }
        for slot in drops.indices where drops[slot].level > 1e-5 {
            var drop = drops[slot]
            for i in 0..<frames {
                drop.phase = wrapped(drop.phase + drop.step)
                drop.step *= drop.chirp
                drop.level *= drop.fade
                drop.attack += (1 - drop.attack) * 0.03
                let y = sine(turns: drop.phase) * drop.level * drop.attack
                left[i] += y * (1 - drop.pan)
                right[i] += y * drop.pan
            }
            if drop.step > 0.2 { drop.level = 0 }
            drops[slot] = drop
        }
    }

    private func renderCrackle(
        _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>, _ frames: Int
    ) {
        let odds = recipe.cracklesPerSecond / SampleRate.hertz
        for i in 0..<frames {
            var tick: Float = 0
            if chance.unit() < odds {
                let size = chance.unit()
                tick = (size * size * size * 2.4 + 0.25) * recipe.crackleLevel * (chance.chance(0.5) ? 1 : -1)
            }
            left[i] += crackleLeft.1.low(crackleLeft.0.low(tick * 1.7))
            right[i] += crackleRight.1.low(crackleRight.0.low(tick * 1.8))
        }
    }

    private func renderCrickets(
        _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>, _ frames: Int
    ) {
        for i in 0..<frames {
            cricketPhase = wrapped(cricketPhase + 3_950 / SampleRate.hertz)
            cricketPulse = wrapped(cricketPulse + 27 / SampleRate.hertz)
            cricketBreath = wrapped(cricketBreath + 0.43 / SampleRate.hertz)
            let pulse = max(sine(turns: cricketPulse), 0)
            let breath = max(sine(turns: cricketBreath), 0)
            let y = sine(turns: cricketPhase) * pulse * pulse * breath * recipe.cricketLevel
            left[i] += y * 0.35
            right[i] += y
        }
    }
}
