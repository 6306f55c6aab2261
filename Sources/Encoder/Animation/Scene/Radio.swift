internal import Glibc

/// The cassette player on the ledge: the reels turn, and the level lamps dance.
enum Radio {
    static let centre = Place(-0.425, 0.775)
    static let half = Place(0.185, 0.098)
    private static let reels = [Place(-0.459, 0.766), Place(-0.391, 0.766)]
    private static let window = (at: Place(-0.425, 0.766), half: Place(0.066, 0.030))
    private static let cones = [Place(-0.553, 0.792), Place(-0.297, 0.792)]

    static func paint(on canvas: inout Canvas) {
        let view = canvas.view
        let body = Light(hex: 0x2f7f80)
        let trim = Light(hex: 0xe2cfa6)
        // Handle, aerial, then the body.
        canvas.paint(Area(left: -0.64, top: 0.48, right: -0.2, bottom: 0.70)) { p in
            let bow = abs(Shape.box(p, Place(-0.425, 0.674), Place(0.135, 0.036), round: 0.025)) - 0.0058
            return (trim * 0.55, view.cover(max(bow, p.y - 0.682)))
        }
        canvas.paint(Area(left: -0.64, top: 0.48, right: -0.2, bottom: 0.70)) { p in
            (
                Light(hex: 0xc9c9d4),
                view.cover(Shape.stroke(p, Place(-0.262, 0.682), Place(-0.218, 0.515), 0.0028, 0.0016))
            )
        }
        canvas.paint(.around(centre, 0.23)) { p in
            let d = Shape.box(p, centre, half, round: 0.018)
            var light = body * (1.15 - 0.55 * clamped((p.y - centre.y) / half.y * 0.5 + 0.5))
            light = mixed(light, trim, bell(d + 0.0085, 0.0022))
            light *= mixed(0.5, 1, eased(-d, 0, 0.006))
            return (light, view.cover(d))
        }
        // The band along the top with its scale.
        canvas.paint(.around(centre, 0.23)) { p in
            let d = Shape.box(p, Place(-0.425, 0.710), Place(0.158, 0.0145), round: 0.004)
            let tick = abs(p.x * 90 - (p.x * 90).rounded()) < 0.08 && abs(p.y - 0.713) < 0.005
            return (tick ? Light(hex: 0x7a4a2a) : trim * 0.92, view.cover(d))
        }
        for cone in cones { speaker(cone, on: &canvas) }
        canvas.paint(.around(window.at, 0.1)) { p in
            let d = Shape.box(p, window.at, window.half + 0.010, round: 0.009)
            return (trim * 0.8, view.cover(d))
        }
        canvas.paint(.around(window.at, 0.1)) { p in
            (Light(hex: 0x1b1420), view.cover(Shape.box(p, window.at, window.half, round: 0.006)))
        }
        // Keys under the window.
        for key in 0..<6 {
            let at = Place(-0.480 + Float(key) * 0.022, 0.832)
            canvas.paint(.around(at, 0.02)) { p in
                let d = Shape.box(p, at, Place(0.0092, 0.0075), round: 0.002)
                return ((key == 1 ? Light(hex: 0xc2502e) : trim) * (0.95 - 0.3 * (p.y - at.y) / 0.0075), view.cover(d))
            }
        }
    }

    private static func speaker(_ at: Place, on canvas: inout Canvas) {
        let view = canvas.view
        canvas.paint(.around(at, 0.07)) { p in
            let r = length(p - at)
            var light = Light(hex: 0x241c26)
            light = mixed(light, Light(hex: 0xd8c49a), bell(r - 0.0475, 0.0022))
            light = mixed(light, Light(hex: 0x0d0a10), bell(r - 0.040, 0.0024))
            // A ring of holes.
            let cell: Float = 0.0068
            let q = Place(p.x - (p.x / cell).rounded() * cell, p.y - (p.y / cell).rounded() * cell)
            if r < 0.037 { light = mixed(light, Light(hex: 0x08060a), 1 - eased(length(q), 0.0014, 0.0024)) }
            light += Light(hex: 0x8a7a90) * (0.10 * bell(r - 0.018, 0.012))
            return (light, view.cover(r - 0.0495))
        }
    }

    /// The cassette behind the window, and the lamps. Drawn over the lit scene, so in light, not colour.
    static func play(at moment: Moment, on canvas: inout Canvas) {
        let view = canvas.view
        let label = Light(hex: 0xd98a4a) * 0.34
        canvas.paint(.around(window.at, 0.08)) { p in
            let d = Shape.box(p, window.at, Place(0.0635, 0.0275), round: 0.005)
            let stripe = abs(p.y - 0.7475) < 0.004 ? Light(hex: 0xc7473a) * 0.32 : label
            let paper = p.y < 0.7555 ? stripe : Light(hex: 0x3a2a34) * 0.9
            return (paper, view.cover(d))
        }
        canvas.paint(.around(window.at, 0.08)) { p in
            let d = Shape.box(p, window.at, Place(0.0525, 0.0135), round: 0.012)
            return (Light(hex: 0x120d14), view.cover(d))
        }
        for (n, reel) in reels.enumerated() {
            // Six teeth: a sixth of a turn looks like none, and two turns fit the loop exactly.
            let turn = 2 * Float.pi * moment.saw(2)
            let pack: Float = n == 0 ? 0.0205 : 0.0150
            canvas.paint(.around(reel, 0.03)) { p in
                let inside = Shape.box(p, window.at, Place(0.0525, 0.0135), round: 0.012)
                return (Light(hex: 0x4a2a22) * 0.8, min(view.cover(length(p - reel) - pack), view.cover(inside)))
            }
            canvas.paint(.around(reel, 0.02)) { p in
                let q = p - reel
                let r = length(q)
                let angle = atan2f(q.y, q.x) + turn
                let tooth = cosf(angle * 6) > 0.35 ? Float(0.0042) : 0.0066
                let ring = max(r - 0.0098, tooth - r)
                return (Light(hex: 0xf3e6c8) * 0.62, view.cover(ring))
            }
        }
        // The lamps follow a slow beat: ten in the loop, 75 a minute.
        let beat = moment.saw(10)
        let level = 0.35 + 0.55 * expf(-beat * 3.2) + 0.08 * moment.wave(7, 0.2)
        for lamp in 0..<9 {
            let at = Place(-0.362 + Float(lamp) * 0.0125, 0.832)
            let on = eased(level * 9.5 - Float(lamp), 0, 1)
            let hue = lamp < 6 ? Light(hex: 0x7be08a) : lamp < 8 ? Light(hex: 0xffc65a) : Light(hex: 0xff5a4a)
            canvas.paint(.around(at, 0.012)) { p in
                (hue * (0.06 + 0.9 * on), view.cover(Shape.box(p, at, Place(0.0042, 0.0042), round: 0.0014)))
            }
            if on > 0.02 { canvas.glow(.around(at, 0.03)) { hue * (0.10 * on * bell(length($0 - at), 0.010)) } }
        }
        // The dial's lamp, and a glint on the glass.
        canvas.glow(Area(left: -0.60, top: 0.68, right: -0.25, bottom: 0.74)) { p in
            let d = Shape.box(p, Place(-0.425, 0.710), Place(0.150, 0.010))
            return Light(hex: 0xffc873) * (0.20 * bell(max(d, 0), 0.012))
        }
        canvas.paint(.around(window.at, 0.08)) { p in
            let glint = abs(p.x * 0.8 + p.y - 0.442) - 0.006
            return (Light(hex: 0xffffff), 0.05 * view.cover(max(glint, Shape.box(p, window.at, window.half))))
        }
    }
}
