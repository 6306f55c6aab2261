internal import Glibc

/// Strings of lamps under the arch, and marigolds beside the pillars.
struct Garland {
    private struct Bulb {
        let at: Place
        let tint: Light
        let group: Int
    }
    private let bulbs: [Bulb]
    private let strands: [(x: Float, top: Float, count: Int)]
    private static let groups = 4

    private static let swags: [(from: Place, to: Place, sag: Float)] = [
        (Place(-0.775, 0.300), Place(-0.245, 0.150), 0.085), (Place(-0.245, 0.150), Place(0.265, 0.150), 0.075),
        (Place(0.265, 0.150), Place(0.775, 0.300), 0.085),
    ]

    private static func along(_ swag: (from: Place, to: Place, sag: Float), _ s: Float) -> Place {
        mixed(swag.from, swag.to, s) + Place(0, swag.sag * 4 * s * (1 - s))
    }

    init() {
        let tints = [Light(hex: 0xffb347), Light(hex: 0xffc978), Light(hex: 0xff8f4a), Light(hex: 0xffb95e)]
        var bulbs: [Bulb] = []
        for swag in Garland.swags {
            for n in 0..<8 {
                let at = Garland.along(swag, (Float(n) + 0.5) / 8) + Place(0, 0.013)
                bulbs.append(
                    Bulb(at: at, tint: tints[(bulbs.count * 7) % 4], group: (bulbs.count * 3) % Garland.groups))
            }
        }
        self.bulbs = bulbs
        strands = [(0.690, 14), (0.652, 9), (0.616, 6)].flatMap { (x: Float, count: Int) in
            [-x, x].map { (x: $0, top: Balcony.underside(x: x), count: count) }
        }
    }

    /// The wires.
    func paint(on canvas: inout Canvas) {
        let view = canvas.view
        for swag in Garland.swags {
            for n in 0..<24 {
                let (a, b) = (Garland.along(swag, Float(n) / 24), Garland.along(swag, Float(n + 1) / 24))
                canvas.paint(.around((a + b) / 2, 0.02)) { p in
                    (Light(hex: 0x140d12), view.cover(Shape.stroke(p, a, b, 0.0014, 0.0014)))
                }
            }
        }
        for bulb in bulbs {
            canvas.paint(.around(bulb.at, 0.02)) { p in
                (Light(hex: 0x1a1010), view.cover(Shape.box(p, bulb.at - Place(0, 0.0105), Place(0.003, 0.0045))))
            }
        }
    }

    /// One patch for the bulbs that glow together, with what they throw on the stone.
    func patches(view: View, stuff: Canvas) -> [Patch] {
        (0..<Garland.groups).map { group in
            let mine = bulbs.filter { $0.group == group }
            return Patch(view: view, area: Area(left: -100, top: -0.1, right: 100, bottom: 0.56)) { canvas in
                for bulb in mine {
                    canvas.glow(.around(bulb.at, 0.30)) { p in
                        let r = length(p - bulb.at)
                        return bulb.tint * (0.26 * bell(r, 0.022) + 0.050 * bell(r, 0.065))
                    }
                    canvas.paint(.around(bulb.at, 0.02)) { p in
                        let d = Shape.ellipse(p, bulb.at, Place(0.0062, 0.0082))
                        return (mixed(bulb.tint * 1.6, Light(hex: 0xfff4dc) * 2.4, eased(-d, 0, 0.006)), view.cover(d))
                    }
                }
                let (columns, rows) = canvas.span(Area(left: -100, top: -0.1, right: 100, bottom: 0.56))
                for row in rows {
                    for column in columns {
                        let index = row * view.width + column
                        let surface = stuff.pixels[index]
                        if surface.w <= 0 { continue }
                        let p = view.place(column, row)
                        var fall = Light.zero
                        for bulb in mine {
                            let q = p - bulb.at
                            let near = 1 / (1 + dot(q, q) * 260)
                            fall += bulb.tint * (near * near)
                        }
                        let lit = SIMD3(surface.x, surface.y, surface.z) * fall * 0.85
                        canvas.pixels[index] += SIMD4(lit, 0)
                    }
                }
            }
        }
    }

    static func strength(of group: Int, at moment: Moment) -> Float {
        0.90 + 0.13 * moment.wave(1 + group % 2, Float(group) * 0.27) + 0.03
            * moment.wave(5 + group, Float(group) * 0.4)
    }

    /// Strands of marigolds that swing a little.
    func marigolds(at moment: Moment, on canvas: inout Canvas) {
        let view = canvas.view
        for (n, strand) in strands.enumerated() {
            let swing = 0.010 * moment.wave(1 + n % 2, Float(n) * 0.17) + 0.004 * moment.wave(3, Float(n) * 0.31)
            for bead in 0..<strand.count {
                let s = Float(bead) / 15
                let size = bead == strand.count - 1 ? Float(0.0150) : 0.0118
                let at = Place(strand.x + swing * s * s * 2.2, strand.top + 0.006 + Float(bead) * 0.0205)
                let hue = (bead + n / 2) % 3 == 0 ? Light(hex: 0xf2b21e) : Light(hex: 0xe8761a)
                // Brighter under the lamps than further down.
                let lit = 0.62 - 0.40 * s
                canvas.paint(.around(at, size * 1.3)) { p in
                    let q = (p - at) / size
                    let r = length(q)
                    let petals = 0.5 + 0.5 * cosf(atan2f(q.y, q.x) * 9 + r * 6 + Float(bead))
                    let d = (r - 0.9 - 0.08 * petals) * size
                    let round = 1 - 0.5 * r * r - 0.18 * q.y
                    return (hue * (lit * max(0.12, round) * (0.7 + 0.4 * petals)), view.cover(d))
                }
            }
        }
    }
}
