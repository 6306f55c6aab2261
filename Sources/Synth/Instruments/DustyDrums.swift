internal import Glibc

/// Kick, snare, hat and rim as if lifted from an old record; also the rail joints of the night train.
final class DustyDrums {
    private var noise: Noise
    private let kickHertz: Float
    private var kickPhase: Float = 0
    private var kickSweep: Float = 0
    private var kick = StruckEnvelope(attackSeconds: 0.0018, decaySeconds: 0.15)
    private var snare = StruckEnvelope(attackSeconds: 0.001, decaySeconds: 0.085)
    private var snareBody = StruckEnvelope(attackSeconds: 0.001, decaySeconds: 0.05)
    private var hat = StruckEnvelope(attackSeconds: 0.0006, decaySeconds: 0.028)
    private var rim = StruckEnvelope(attackSeconds: 0.0006, decaySeconds: 0.018)
    private var rail = StruckEnvelope(attackSeconds: 0.003, decaySeconds: 0.045)
    private var snarePhase: Float = 0
    private var rimPhase: Float = 0
    private var snareFilter = StateVariable(hertz: 1_500, q: 0.7)
    private var hatFilter = StateVariable(hertz: 6_800, q: 0.9)
    private var railFilter = StateVariable(hertz: 310, q: 2.2)
    private var railUpper = StateVariable(hertz: 1_150, q: 1.6)

    /// `kickHertz` is where the kick's sweep comes to rest.
    init(kickHertz: Float, seed: UInt64) {
        self.kickHertz = kickHertz
        noise = Noise(seed: seed)
    }

    func start(_ stroke: Stroke, velocity: Float) {
        switch stroke {
        case .kick:
            kick.strike(velocity)
            kickSweep = 95
        case .snare:
            snare.strike(velocity)
            snareBody.strike(velocity)
        case .hat: hat.strike(velocity)
        case .rim: rim.strike(velocity)
        case .rail: rail.strike(velocity)
        case .na, .tin, .tun, .te, .ge, .ke: break
        }
    }

    func render(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        if kick.isSounding { renderKick(adding: out, frames: frames) }
        if snare.isSounding || hat.isSounding || rim.isSounding || rail.isSounding {
            renderNoises(adding: out, frames: frames)
        }
    }

    private func renderKick(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        let sweep = SampleRate.decay(0.028)
        var envelope = kick
        var phase = kickPhase
        var extra = kickSweep
        for i in 0..<frames {
            extra *= sweep
            phase = wrapped(phase + (kickHertz + extra) / SampleRate.hertz)
            out[i] += sine(turns: phase) * envelope.next()
        }
        kick = envelope
        kickPhase = phase
        kickSweep = extra
    }

    private func renderNoises(adding out: UnsafeMutablePointer<Float>, frames: Int) {
        for i in 0..<frames {
            let x = noise.next()
            snarePhase = wrapped(snarePhase + 188 / SampleRate.hertz)
            rimPhase = wrapped(rimPhase + 820 / SampleRate.hertz)
            let railLevel = rail.next()
            var y = snareFilter.band(x) * snare.next() * 0.75 + sine(turns: snarePhase) * snareBody.next() * 0.3
            y += sine(turns: rimPhase) * rim.next() * 0.3 + hatFilter.band(x) * hat.next() * 0.4
            y += (railFilter.band(x) * 1.1 + railUpper.band(x) * 0.3) * railLevel
            out[i] += y
        }
    }
}
