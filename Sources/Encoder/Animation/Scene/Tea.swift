internal import Glibc

/// A small ribbed glass of cutting chai, steaming.
enum Tea {
    static let foot = Place(0.225, Balcony.standing + 0.012)
    private static let height: Float = 0.108

    private static func side(_ y: Float) -> Float {
        let up = (foot.y - y) / height
        return 0.0225 + 0.0125 * up - 0.0018 * sinf(up * .pi)
    }

    static func paint(on canvas: inout Canvas) {
        let view = canvas.view
        let top = foot.y - height
        canvas.paint(.around(foot - Place(0, height / 2), 0.09)) { p in
            let d = Shape.turned(p, axis: foot.x, top: top, bottom: foot.y, half: side)
            let across = (p.x - foot.x) / max(side(p.y), 0.01)
            let full = p.y > top + 0.020
            var light =
                full
                ? mixed(Light(hex: 0xc9834a), Light(hex: 0x8f4f26), clamped((p.y - top) / height))
                : Light(hex: 0x9a9fb8) * 0.5
            // Ribs, and the dark edges of thick glass.
            light *= 0.86 + 0.14 * cosf(asinf(min(max(across, -1), 1)) * 15)
            light *= mixed(1, 0.35, eased(abs(across), 0.72, 1))
            light += Light(hex: 0xfff2dc) * (0.85 * bell(across + 0.55, 0.07) * eased(p.y, top, top + 0.02))
            light += Light(hex: 0xcfd8ff) * (0.55 * bell(across - 0.66, 0.06))
            light += Light(hex: 0xffe0b0) * (0.8 * bell(p.y - foot.y + 0.006, 0.004))
            return (light, view.cover(d) * (full ? 1 : 0.55))
        }
        // The surface of the tea and the rim, seen from a little above.
        canvas.paint(.around(Place(foot.x, top), 0.06)) { p in
            let d = Shape.ellipse(p, Place(foot.x, top + 0.020), Place(side(top + 0.02) - 0.0015, 0.0062))
            return (Light(hex: 0xe0a76a), view.cover(d))
        }
        canvas.paint(.around(Place(foot.x, top), 0.06)) { p in
            let d = abs(Shape.ellipse(p, Place(foot.x, top), Place(side(top), 0.0075))) - 0.0012
            return (Light(hex: 0xf4e6d2), view.cover(d) * 0.85)
        }
    }

    /// Rises twice through its pattern in the loop.
    static func steam(at moment: Moment, haze: Haze, on canvas: inout Canvas) {
        let top = foot.y - height + 0.012
        let reach: Float = 0.26
        let lit = Light(hex: 0xf3d9c4)
        canvas.paint(Area(left: foot.x - 0.11, top: top - reach, right: foot.x + 0.11, bottom: top)) { p in
            let up = (top - p.y) / reach
            if up <= 0 || up >= 1 { return (.zero, 0) }
            let climb = up * 0.62 - moment.saw(1)
            let sway = 0.030 * up * (haze.at(0.25, climb * 1) - 0.5) * 4 + 0.012 * up * moment.wave(1, up * 0.7)
            let x = (p.x - foot.x - sway) / (0.018 + 0.050 * up)
            if abs(x) > 1.6 { return (.zero, 0) }
            let curl = haze.at(x * 0.16 + 0.5, climb)
            let wisp = eased(curl, 0.44, 0.74) * bell(x, 0.75)
            let fade = eased(up, 0, 0.10) * powf(1 - up, 1.5)
            return (lit, min(0.6, 0.95 * wisp * fade))
        }
    }
}
