internal import Glibc

/// The far shore: hills, and a palace of domes, with lamps in its windows.
enum Palace {
    private static let ground = Sky.horizon
    /// Middles of the lit windows: their reflections are as bright as they are.
    static let axis: Float = -0.12
    private static let kiosks: [(x: Float, y: Float, size: Float)] = [
        (0.118, 0.535, 1), (0.178, 0.535, 0.8), (0.315, 0.572, 0.8),
    ]
    private static let minarets: [(x: Float, top: Float)] = [(0.245, 0.44), (0.39, 0.47)]

    static func paint(on canvas: inout Canvas) {
        hills(on: &canvas)
        let view = canvas.view
        let foot = Light(hex: 0x4c3568)
        let head = Light(hex: 0x191a45)
        canvas.paint(Area(left: axis - 0.5, top: 0.2, right: axis + 0.5, bottom: ground + 0.01)) { p in
            let d = outline(p)
            var light = mixed(head, foot, eased(p.y, 0.40, ground) * 0.8)
            // Moonlight on the sides that face right and up.
            let side = outline(p + Place(0.005, -0.004)) - d
            light += Light(hex: 0xffd2a0) * 0.16 * clamped(side * 130) * bell(d, 0.007)
            return (light, view.cover(d))
        }
        windows(on: &canvas)
        // Mist along the shore.
        canvas.paint(Area(left: -100, top: 0.52, right: 100, bottom: ground + 0.02)) { p in
            (Light(hex: 0xb9768a), 0.30 * bell(p.y - ground, 0.035))
        }
    }

    private static func hills(on canvas: inout Canvas) {
        let view = canvas.view
        let ridges: [(height: Float, top: UInt32, foot: UInt32, seed: Float)] = [
            (0.115, 0x4a3a78, 0x8f5680, 0.3), (0.062, 0x33295f, 0x6e4674, 2.1),
        ]
        for ridge in ridges {
            canvas.paint(Area(left: -100, top: 0.42, right: 100, bottom: ground + 0.01)) { p in
                let x = p.x + ridge.seed
                let rolling = 0.55 + 0.25 * sinf(x * 3.1) + 0.14 * sinf(x * 7.3 + 1) + 0.05 * sinf(x * 17 + 2)
                let edge = ground - ridge.height * rolling
                let light = mixed(Light(hex: ridge.top), Light(hex: ridge.foot), eased(p.y, edge, ground + 0.01))
                return (light, view.cover(edge - p.y))
            }
        }
    }

    private static func outline(_ p: Place) -> Float {
        // The palace is its own mirror image.
        let q = Place(abs(p.x - axis), p.y)
        func box(_ left: Float, _ top: Float, _ right: Float) -> Float {
            Shape.box(
                q, Place((left + right) / 2, (top + ground) / 2), Place((right - left) / 2, (ground - top) / 2 + 0.004))
        }
        var d = min(box(-0.2, 0.535, 0.2), box(-0.34, 0.572, 0.345))
        d = min(d, box(-0.085, 0.487, 0.085))
        // The great dome on its drum, with a finial.
        d = min(d, box(-0.056, 0.462, 0.056))
        d = min(d, Shape.onion(q, base: Place(0, 0.464), radius: 0.066, height: 0.118))
        d = min(
            d, Shape.stroke(q, Place(0, 0.35), Place(0, 0.325), 0.003, 0.001), Shape.circle(q, Place(0, 0.341), 0.0048))
        // Kiosks at the corners of the middle, and one further out.
        for (x, y, size) in kiosks { d = min(d, pavilion(q, Place(x, y), size)) }
        // Minarets.
        for (x, top) in minarets {
            let shaft = Shape.turned(q, axis: x, top: top, bottom: ground) { 0.0072 + ($0 - top) * 0.028 }
            let gallery = Shape.box(q, Place(x, top + 0.052), Place(0.0145, 0.0035))
            d = min(d, shaft, gallery)
            d = min(d, pavilion(q, Place(x, top + 0.003), 0.62))
        }
        return d
    }

    /// A chhatri: a small dome on pillars with a wide eave.
    private static func pavilion(_ q: Place, _ foot: Place, _ s: Float) -> Float {
        let r = (q - foot) / s
        let side = abs(r.x)
        var d = Shape.box(Place(side, r.y), Place(0.017, -0.016), Place(0.0028, 0.017))
        d = min(
            d, Shape.box(r, Place(0, -0.016), Place(0.003, 0.017)), Shape.box(r, Place(0, -0.002), Place(0.024, 0.003)))
        d = min(d, Shape.box(r, Place(0, -0.034), Place(0.027, 0.0025)))
        d = min(d, Shape.onion(r, base: Place(0, -0.035), radius: 0.0215, height: 0.04))
        return min(d, Shape.stroke(r, Place(0, -0.074), Place(0, -0.088), 0.0018, 0.0008)) * s
    }

    private static func windows(on canvas: inout Canvas) {
        let view = canvas.view
        var openings: [(at: Place, half: Place)] = [(Place(0, 0.582), Place(0.019, 0.036))]
        for side in [Float(-1), 1] {
            for n in 0..<3 { openings.append((Place(side * (0.05 + Float(n) * 0.024), 0.602), Place(0.0062, 0.014))) }
            for n in 0..<4 { openings.append((Place(side * (0.128 + Float(n) * 0.02), 0.572), Place(0.0046, 0.0085))) }
            for n in 0..<5 { openings.append((Place(side * (0.205 + Float(n) * 0.028), 0.6), Place(0.0044, 0.0085))) }
            openings.append((Place(side * 0.04, 0.512), Place(0.0058, 0.0105)))
        }
        for (n, opening) in openings.enumerated() {
            let centre = opening.at + Place(axis, 0)
            let bright = n == 0 ? 1 : 0.35 + 0.75 * Chance.at(n, 31)
            canvas.paint(.around(centre, 0.05)) { p in
                let q = p - centre
                let arch = max(
                    abs(q.x) - opening.half.x,
                    max(q.y - opening.half.y, -q.y - opening.half.y + q.x * q.x / opening.half.x * 1.1))
                let light = mixed(Light(hex: 0xff9a3c), Light(hex: 0xffd58a), clamped(q.y / opening.half.y * 0.5 + 0.5))
                return (light * bright, view.cover(arch))
            }
            canvas.glow(.around(centre, 0.07)) { p in
                Light(hex: 0xff8c3a) * (0.055 * bright) * bell(length(p - centre), 0.012 + opening.half.y * 0.6)
            }
        }
    }
}
