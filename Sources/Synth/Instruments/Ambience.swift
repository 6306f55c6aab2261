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
    private struct Side {
        var filters: [StateVariable]
        var noise: Noise
    }

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
    private var sides: [Side]
    private var swells: [Float]
    private var goals: [Float]
    private var countdowns: [Float]
    private var drops = [Drop](repeating: Drop(), count: 12)
    private var nextDrop = 0
    private var chance: SeededRandom
    private var crackleLeft = OnePole(hertz: 3_800)
    private var crackleRight = OnePole(hertz: 3_800)
    private var cricketPhase: Float = 0
    private var cricketPulse: Float = 0
    private var cricketBreath: Float = 0

    init(recipe: AmbienceRecipe, seed: UInt64) {
        self.recipe = recipe
        let filters = recipe.layers.map { StateVariable(hertz: $0.hertz, q: $0.q) }
        sides = (0..<2).map { Side(filters: filters, noise: Noise(seed: seed &+ UInt64($0) &* 977 &+ 5)) }
        swells = recipe.layers.map { _ in 0.5 }
        goals = swells
        countdowns = recipe.layers.map { _ in 0 }
        chance = SeededRandom(seed: seed ^ 0xA11CE)
    }

    func render(
        addingLeft left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>, frames: Int
    ) {
        let span = Float(frames) / SampleRate.hertz
        for index in recipe.layers.indices { renderLayer(index, left, right, frames, span) }
        if recipe.dropsPerSecond > 0 { renderDrops(left, right, frames, span) }
        if recipe.cracklesPerSecond > 0 { renderCrackle(left, right, frames) }
        if recipe.cricketLevel > 0 { renderCrickets(left, right, frames) }
    }

    private func renderLayer(
        _ index: Int, _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>, _ frames: Int,
        _ span: Float
    ) {
        let layer = recipe.layers[index]
        countdowns[index] -= span
        if countdowns[index] <= 0 {
            goals[index] = chance.unit()
            countdowns[index] = chance.between(0.5, 1.5) / max(layer.swellsPerSecond, 0.01)
        }
        let before = swells[index]
        swells[index] += (goals[index] - before) * min(span * layer.swellsPerSecond * 3, 1)
        let scale = 1 - layer.swell
        let startGain = layer.level * (scale + 2 * layer.swell * before)
        let slope = layer.level * 2 * layer.swell * (swells[index] - before) / Float(frames)
        for side in 0..<2 {
            var filter = sides[side].filters[index]
            if layer.swell > 0.2 {
                filter.tune(hertz: layer.hertz * (0.75 + 0.5 * swells[index]), q: layer.q)
            }
            var noise = sides[side].noise
            let out = side == 0 ? left : right
            var gain = startGain
            for i in 0..<frames {
                gain += slope
                out[i] += filter.band(noise.next()) * gain
            }
            sides[side].filters[index] = filter
            sides[side].noise = noise
        }
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
            left[i] += crackleLeft.low(tick * 0.95)
            right[i] += crackleRight.low(tick)
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
