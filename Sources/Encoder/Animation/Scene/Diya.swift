internal import Glibc

/// The clay lamp in the middle of the ledge: the near light of the scene.
enum Diya {
    static let foot = Place(-0.035, Balcony.standing + 0.012)
    static let flame = Place(-0.035, Balcony.standing - 0.052)

    static func paint(on canvas: inout Canvas) {
        let view = canvas.view
        let centre = foot - Place(0, 0.030)
        canvas.paint(.around(centre, 0.09)) { p in
            let bowl = max(Shape.ellipse(p, centre, Place(0.058, 0.031)), centre.y - p.y)
            let stand = Shape.turned(p, axis: foot.x, top: foot.y - 0.010, bottom: foot.y) {
                0.022 + ($0 - foot.y + 0.01) * 0.9
            }
            let d = min(bowl, stand)
            let across = (p.x - foot.x) / 0.058
            var light = Light(hex: 0xb5603a) * (1.05 - 0.6 * across * across)
            // Painted dots and a white line, as for a feast.
            let dot = abs(across * 7 - (across * 7).rounded())
            let line = p.y - centre.y - 0.0125
            light = mixed(light, Light(hex: 0xf6e7c6), bell(line, 0.0016) * 0.8)
            light = mixed(light, Light(hex: 0xffd76a), bell(length(Place(dot * 0.0083, line + 0.0065)), 0.0022))
            return (light, view.cover(d))
        }
        canvas.paint(.around(centre, 0.09)) { p in
            let rim = Shape.ellipse(p, centre, Place(0.058, 0.0095))
            let light = mixed(Light(hex: 0xd9824e), Light(hex: 0x6a3416), eased(-rim, 0.002, 0.005))
            return (light, view.cover(rim))
        }
        canvas.paint(.around(flame, 0.05)) { p in
            (
                Light(hex: 0x2a1a12),
                view.cover(Shape.stroke(p, flame + Place(0, 0.022), flame + Place(0, 0.008), 0.003, 0.0022))
            )
        }
    }

    /// What the flame's light does to a surface at `p`: before its flicker.
    static func light(at p: Place) -> Light {
        let q = (p - flame) * Place(1, 1.25)
        let near = 1 / (1 + dot(q, q) * 70)
        return Light(hex: 0xff9d4a) * (2.3 * near * near + 0.42 * near)
    }

    static func burn(at moment: Moment, on canvas: inout Canvas) {
        let bright = moment.flicker(3)
        let lean = 0.0035 * moment.wave(3, 0.1) + 0.0022 * moment.wave(8, 0.4) + 0.0012 * moment.wave(17, 0.7)
        let tall = 0.052 * (1 + 0.9 * (bright - 1))
        let root = flame + Place(0, 0.014)
        canvas.glow(.around(flame, 0.42)) { p in
            let r = length(p - flame + Place(0, 0.012))
            return Light(hex: 0xff8a35) * (bright * (0.34 * bell(r, 0.052) + 0.10 * bell(r, 0.15)))
        }
        let view = canvas.view
        func tongue(_ p: Place, _ wide: Float, _ high: Float) -> Float {
            let up = clamped((root.y - p.y) / high)
            let bend = lean * up * up * 4
            let half = wide * powf(max(sinf(.pi * powf(up * 0.94 + 0.06, 0.62)), 0), 1.25)
            return max(abs(p.x - root.x - bend) - half, max(root.y - high - p.y, p.y - root.y))
        }
        canvas.paint(.around(flame, 0.08)) { p in
            let up = clamped((root.y - p.y) / tall)
            let d = tongue(p, 0.0125, tall)
            let light = mixed(Light(hex: 0xffc45c) * 1.8, Light(hex: 0xff8a2a) * 1.5, up)
            return (light, eased(-d, -0.0015, 0.0035))
        }
        canvas.paint(.around(flame, 0.08)) { p in
            (Light(hex: 0xfff3cf) * 2.6, eased(-tongue(p, 0.0075, tall * 0.66), -0.001, 0.004) * 0.95)
        }
        canvas.paint(.around(root, 0.02)) { p in
            let d = Shape.ellipse(p, root - Place(0, 0.002), Place(0.0045, 0.0055))
            return (Light(hex: 0x5a78d8), view.cover(d) * 0.35)
        }
    }
}
