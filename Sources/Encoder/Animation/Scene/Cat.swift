internal import Glibc

/// A cat that sits with its back to us and watches the rain.
enum Cat {
    private static let seat = Place(0.520, Balcony.standing + 0.010)

    private static func outline(_ p: Place) -> Float {
        let q = p - seat
        var d = Shape.ellipse(q, Place(0, -0.062), Place(0.070, 0.066))
        d = Shape.joined(d, Shape.ellipse(q, Place(-0.008, -0.125), Place(0.046, 0.062)), 0.05)
        // Haunches.
        d = Shape.joined(d, Shape.ellipse(q, Place(-0.050, -0.030), Place(0.034, 0.032)), 0.02)
        d = Shape.joined(d, Shape.ellipse(q, Place(0.050, -0.030), Place(0.034, 0.032)), 0.02)
        // The head, turned a little to the moon.
        d = Shape.joined(d, Shape.ellipse(q, Place(-0.018, -0.205), Place(0.043, 0.037)), 0.018)
        for ear in [(Place(-0.040, -0.222), Place(-0.053, -0.262)), (Place(0.006, -0.222), Place(0.019, -0.262))] {
            d = Shape.joined(d, Shape.stroke(q, ear.0, ear.1, 0.0190, 0.0020), 0.006)
        }
        return max(d, q.y)
    }

    static func paint(on canvas: inout Canvas) {
        let view = canvas.view
        let coat = Light(hex: 0x6a4a3c)
        let fur = Haze(columns: 128, rows: 128, cells: (16, 8), octaves: 3, seed: 77)
        canvas.paint(.around(seat - Place(0, 0.13), 0.17)) { p in
            let d = outline(p)
            if d > 0.01 { return (.zero, 0) }
            let q = p - seat
            let soft = fur.at(q.x * 3, q.y * 3)
            // Tabby bars down the back and between the ears.
            let bars = 0.5 + 0.5 * sinf(q.y * 210 + 14 * abs(q.x + 0.01) * 6 + soft * 3)
            let light =
                coat * (0.45 + 0.5 * eased(-d, 0, 0.035)) * (1 - 0.38 * eased(bars, 0.55, 0.9)) * (0.75 + 0.5 * soft)
            return (light, view.cover(d + (soft - 0.5) * 0.003))
        }
    }

    /// The moon draws the upper edge of the fur, and the lamp warms the left.
    static func rim(on canvas: inout Canvas) {
        canvas.glow(.around(seat - Place(0, 0.13), 0.17)) { p in
            let d = outline(p)
            if d > 0 || d < -0.03 { return .zero }
            let towardsMoon = outline(p + Place(-0.003, -0.004)) - d
            let towardsLamp = outline(p + Place(-0.005, 0.001)) - d
            return Light(hex: 0xffdcae) * (0.50 * clamped(towardsMoon * 220) * bell(d, 0.0050))
                + Light(hex: 0xff9040) * (0.15 * clamped(towardsLamp * 200) * bell(d, 0.011))
        }
    }

    /// The tail hangs over the edge of the ledge, and its end will not keep still.
    static func tail(at moment: Moment, on canvas: inout Canvas) {
        let view = canvas.view
        let flick = 0.55 * moment.wave(2) + 0.25 * moment.wave(4, 0.2) + 0.2 * moment.wave(1, 0.6)
        let root = seat + Place(0.046, -0.016)
        let points = (0...14).map { n -> Place in
            let s = Float(n) / 14
            let hang = s * s
            return root
                + Place(
                    0.062 * sinf(s * 1.9) + (0.010 + 0.026 * flick) * hang * s,
                    0.004 + 0.020 * s + 0.080 * hang - 0.012 * hang * hang * abs(flick))
        }
        canvas.paint(.around(root + Place(0.04, 0.05), 0.11)) { p in
            var d = Float(1)
            var along: Float = 0
            for n in 0..<14 {
                let thick = 0.0120 - 0.00032 * Float(n)
                let piece = Shape.stroke(p, points[n], points[n + 1], thick, thick - 0.00032)
                if piece < d {
                    d = piece
                    along = Float(n) + clamped(dot(p - points[n], points[n + 1] - points[n]) / 0.00008)
                }
            }
            if d > 0.004 { return (.zero, 0) }
            let rings = 0.78 + 0.22 * sinf(along * 1.5)
            let warm = Light(hex: 0xffa050) * (0.05 * bell(d, 0.004))
            return (Light(hex: 0x35211c) * (rings * (0.55 + 0.5 * eased(-d, 0, 0.008))) + warm, view.cover(d))
        }
    }
}
