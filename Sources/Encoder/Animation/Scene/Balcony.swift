internal import Glibc

/// The near side: a cusped arch of sandstone between pillars, and the ledge that things stand on. Painted as the
/// colour of the stuff; light comes later.
enum Balcony {
    static let ledgeTop: Float = 0.838
    static let ledgeFront: Float = 0.945
    /// Where things stand.
    static let standing: Float = 0.882

    /// From the middle of the opening to a pillar.
    static let halfWidth: Float = 0.735
    /// Where the pillars end and the arch begins.
    private static let spring: Float = 0.40

    static func opening(_ p: Place) -> Float { Shape.cuspedArch(p, halfWidth: halfWidth, spring: spring, rise: 0.32) }

    /// The height at which the arch hangs above `x`.
    static func underside(x: Float) -> Float {
        var y: Float = spring
        while y > 0, opening(Place(x, y)) < 0 { y -= 0.002 }
        return y
    }

    static func paint(on canvas: inout Canvas) {
        let view = canvas.view
        let grain = Haze(columns: 256, rows: 256, cells: (12, 12), octaves: 4, seed: 5)
        let stone = Light(hex: 0xa9765f)
        canvas.paint { p in
            let d = opening(p)
            let cover = 1 - view.cover(d)
            if cover <= 0 { return (.zero, 0) }
            var light = stone * (0.72 + 0.5 * grain.at(p.x * 1.3, p.y * 1.3))
            // Below its capital the stone is a pillar.
            light *= mixed(lattice(p, d), pillar(p), eased(p.y, spring - 0.001, spring + 0.001))
            // A carved moulding follows the cusps.
            light *= 1 - 0.55 * bell(d - 0.0235, 0.004) - 0.45 * bell(d - 0.046, 0.003)
            light += Light(hex: 0xd9a86a) * (0.35 * bell(d - 0.034, 0.0055))
            // The edge itself turns away from us.
            light *= mixed(0.45, 1, eased(d, 0, 0.012))
            return (light, cover)
        }
        ledge(on: &canvas, grain: grain)
    }

    /// Eight-pointed stars, cut shallow into the spandrels.
    private static func lattice(_ p: Place, _ d: Float) -> Float {
        let cell: Float = 0.082
        func within(_ value: Float) -> Float { value - (value / cell).rounded() * cell }
        let q = Place(abs(within(p.x)), abs(within(p.y - 0.02)))
        let square = max(q.x, q.y) - cell * 0.27
        let diamond = (q.x + q.y) * 0.7071 - cell * 0.27
        let star = min(square, diamond)
        let groove = bell(star, 0.0022) * 0.42 + 0.16 * eased(-star, 0, 0.01)
        return 1 - groove * eased(d, 0.052, 0.064)
    }

    /// Round shafts with flutes, a capital, and a band of lotus leaves at the foot.
    private static func pillar(_ p: Place) -> Float {
        let across = min(max((abs(p.x) - halfWidth) / 0.155, 0), 1)
        let round = 0.42 + 0.72 * sinf(.pi * (0.12 + 0.78 * across))
        var shade = round * (0.84 + 0.16 * cosf(across * 2 * .pi * 5))
        let leaf = 0.72 + 0.4 * abs(sinf(across * .pi * 4))
        shade = mixed(shade, round * leaf, max(1 - eased(p.y, 0.452, 0.456), eased(p.y, 0.706, 0.710)))
        for band in [spring + 0.004, 0.428, 0.458, 0.70, 0.728] {
            // A ring: light above, its shadow below.
            shade *= 1 + 0.5 * bell(p.y - band + 0.004, 0.004) - 0.5 * bell(p.y - band - 0.005, 0.005)
        }
        return shade
    }

    private static func ledge(on canvas: inout Canvas, grain: Haze) {
        let view = canvas.view
        let wood = Light(hex: 0x7a4930)
        canvas.paint(Area(left: -100, top: ledgeTop - 0.01, right: 100, bottom: 100)) { p in
            let cover = view.cover(ledgeTop - p.y)
            if p.y < ledgeFront {
                // Planks run away from us, so their grain is stretched sideways and their joints lean.
                let depth = (p.y - ledgeTop) / (ledgeFront - ledgeTop)
                let vein = grain.at(p.x * 0.45, p.y * 5 + 0.2)
                var light = wood * (0.55 + 0.75 * vein) * (0.75 + 0.35 * depth)
                light *= 1 - 0.5 * bell(p.y - ledgeTop - 0.040, 0.0016) - 0.25 * bell(p.y - ledgeTop, 0.004)
                return (light, cover)
            }
            let down = p.y - ledgeFront
            var light = wood * 0.62 * (0.6 + 0.6 * grain.at(p.x * 0.6, p.y * 3))
            light += wood * 1.1 * bell(down, 0.0035)
            // Carved petals along the front.
            let cell: Float = 0.052
            let x = p.x - (p.x / cell).rounded() * cell
            let petal = Shape.ellipse(Place(x, down), Place(0, 0.030), Place(0.019, 0.021))
            light *= 1 - 0.5 * bell(petal, 0.0022) + 0.22 * eased(-petal, 0, 0.012)
            return (light, cover)
        }
    }
}
