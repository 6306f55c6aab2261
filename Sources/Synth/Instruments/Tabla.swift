/// The strokes of a theka; those of both hands are two strokes at once.
enum Stroke: Sendable, Equatable {
    case na, tin, tun, te, ge, ke
    case kick, snare, hat, rim
    case rail
}

/// Tabla: a modal dayan tuned to Sa and a bayan whose pitch the wrist bends.
final class Tabla {
    private let dayan: PartialVoices
    private let dayanHertz: Float
    private let bayanHertz: Float
    private var noise: Noise
    private var slap = StruckEnvelope(attackSeconds: 0.0005, decaySeconds: 0.006)
    private var palm = StruckEnvelope(attackSeconds: 0.0005, decaySeconds: 0.014)
    private var thud = StruckEnvelope(attackSeconds: 0.001, decaySeconds: 0.022)
    private var slapFilter = StateVariable(hertz: 1_900, q: 0.9)
    private var thudFilter = StateVariable(hertz: 420, q: 1.1)
    private var bayan = StruckEnvelope(attackSeconds: 0.002, decaySeconds: 0.34)
    private var bayanPhase: Float = 0
    private var bayanAge: Float = 10
    private var bayanBend: Float = 0
    private var bayanStep: Float

    init(saHertz: Float, seed: UInt64, maximumFrames: Int) {
        dayan = PartialVoices(voices: 5, maximumFrames: maximumFrames)
        dayanHertz = saHertz
        bayanHertz = saHertz * 0.28
        bayanStep = saHertz * 0.28 / SampleRate.hertz
        noise = Noise(seed: seed)
    }

    func start(_ stroke: Stroke, velocity: Float) {
        switch stroke {
        case .na: strike(.na, velocity, slap: 0.5)
        case .tin: strike(.tin, velocity, slap: 0.15)
        case .tun: strike(.tun, velocity, slap: 0.1)
        case .te:
            strike(.te, velocity * 0.9, slap: 0)
            palm.strike(velocity * 0.7)
        case .ke: thud.strike(velocity * 0.9)
        case .ge:
            bayan.strike(velocity)
            bayanAge = 0
            bayanBend = 0.12 + 0.3 * velocity
            thud.strike(velocity * 0.25)
        case .kick, .snare, .hat, .rim, .rail: break
        }
    }

    private func strike(_ recipe: PartialRecipe, _ velocity: Float, slap amount: Float) {
        dayan.start(recipe, hertz: dayanHertz, level: velocity)
        slap.strike(amount * velocity)
    }

    func render(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        dayan.render(adding: out, frames: frames)
        if slap.isSounding || palm.isSounding || thud.isSounding {
            for i in 0..<frames {
                let x = noise.next()
                let finger = slapFilter.band(x) * (slap.next() + palm.next())
                out[i] += finger * 0.5 + thudFilter.band(x) * thud.next() * 1.1
            }
        }
        if bayan.isSounding { renderBayan(adding: out, frames: frames) }
    }

    private func renderBayan(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        bayanAge += Float(frames) / SampleRate.hertz
        // Struck a touch sharp, falls back, then the wrist leans in and the pitch climbs.
        let lean = min(max((bayanAge - 0.05) / 0.22, 0), 1)
        let drop = max(1 - bayanAge / 0.03, 0)
        let goal = bayanHertz * (1 + 0.25 * drop + bayanBend * lean * lean * (3 - 2 * lean)) / SampleRate.hertz
        let slope = (goal - bayanStep) / Float(frames)
        var envelope = bayan
        for i in 0..<frames {
            bayanStep += slope
            bayanPhase = wrapped(bayanPhase + bayanStep)
            let level = envelope.next()
            let second = sine(turns: wrappedFar(bayanPhase * 2))
            let third = sine(turns: wrappedFar(bayanPhase * 3))
            out[i] += (sine(turns: bayanPhase) + (0.3 * second + 0.12 * third) * level) * level * 0.8
        }
        bayan = envelope
        bayanStep = goal
    }
}
