internal import Glibc

/// A monsoon night that is clearing: the moon, stars where there is room for them, clouds that drift.
struct Sky {
    static let moon = Place(0.335, 0.265)
    static let moonRadius: Float = 0.072
    /// Where the far shore meets the water.
    static let horizon: Float = 0.62

    private let haze = Haze(columns: 512, rows: 256, cells: (6, 5), octaves: 5, seed: 11)

    /// Sky, stars and the moon's halo: what does not move.
    func paint(on canvas: inout Canvas) {
        let zenith = Light(hex: 0x0b1033)
        let middle = Light(hex: 0x2a2263)
        let low = Light(hex: 0x7a3f78)
        let glow = Light(hex: 0xe08a6a)
        canvas.paint(Area(left: -100, top: -100, right: 100, bottom: Sky.horizon + 0.02)) { p in
            var light = mixed(zenith, middle, eased(p.y, 0, 0.38))
            light = mixed(light, low, eased(p.y, 0.30, 0.60) * 0.85)
            light = mixed(light, glow, eased(p.y, 0.47, 0.66) * 0.55)
            let away = length(p - Sky.moon)
            light += Light(hex: 0xffd9a0) * (0.20 * bell(away, 0.16) + 0.085 * bell(away, 0.42))
            return (light, 1)
        }
        stars(on: &canvas)
    }

    /// The moon's face. Not for the water: it breaks the moon into a road of glints.
    func paintMoon(on canvas: inout Canvas) {
        let face = haze
        let view = canvas.view
        canvas.paint(.around(Sky.moon, 0.1)) { p in
            let q = (p - Sky.moon) / Sky.moonRadius
            let seas = eased(face.at(q.x * 0.11 + 0.3, q.y * 0.16 + 0.1), 0.42, 0.66)
            let round = 1 - 0.22 * min(1, dot(q, q))
            let light = mixed(Light(hex: 0xfff0cc) * 0.95, Light(hex: 0xd9a56c) * 0.8, seas * 0.8) * round
            return (light, view.cover(length(p - Sky.moon) - Sky.moonRadius))
        }
    }

    private func stars(on canvas: inout Canvas) {
        for star in 0..<150 {
            let p = Place((Chance.at(star, 1) - 0.5) * 2, powf(Chance.at(star, 2), 1.4) * 0.5)
            if length(p - Sky.moon) < 0.17 { continue }
            let size = 0.0009 + 0.0013 * powf(Chance.at(star, 3), 5)
            let tint = mixed(Light(hex: 0xcfd8ff), Light(hex: 0xffe2c0), Chance.at(star, 4))
            let bright = 0.25 + 0.75 * Chance.at(star, 6)
            canvas.glow(.around(p, 0.008)) { tint * bright * bell(length($0 - p), size) }
        }
    }

    /// Lays this moment's clouds over the still sky. Coarsely: clouds have no edges.
    func clouds(at moment: Moment, over canvas: inout Canvas) {
        let view = canvas.view
        let grain = 6
        let rowsBelow = min(view.height, max(0, Int(view.row(Sky.horizon)) + 2))
        let columns = view.width / grain + 2
        let rows = rowsBelow / grain + 2
        var cover = [Float](repeating: 0, count: columns * rows)
        for row in 0..<rows {
            for column in 0..<columns {
                cover[row * columns + column] = thickness(view.place(column * grain, row * grain), moment)
            }
        }
        let lit = Light(hex: 0xf2bd94) * 0.62
        let dim = Light(hex: 0x4a3c80)
        let across = canvas.span(Area(left: -Balcony.halfWidth, top: 0, right: Balcony.halfWidth, bottom: 0)).columns
        canvas.pixels.withUnsafeMutableBufferPointer { pixels in
            for row in 0..<rowsBelow {
                let (top, v) = (row / grain, Float(row % grain) / Float(grain))
                for column in across {
                    let (left, u) = (column / grain, Float(column % grain) / Float(grain))
                    let at = top * columns + left
                    let thick = mixed(
                        mixed(cover[at], cover[at + 1], u), mixed(cover[at + columns], cover[at + columns + 1], u), v)
                    if thick < 0.004 { continue }
                    let p = view.place(column, row)
                    let away = p - Sky.moon
                    let near = 1 / (1 + dot(away, away) * 38)
                    let light = mixed(dim, lit, near)
                    let index = row * view.width + column
                    pixels[index] = mixed(pixels[index], SIMD4(light, 1), thick)
                }
            }
        }
    }

    /// Two drifts that take turns: each leaps back to its beginning while it cannot be seen.
    private func thickness(_ p: Place, _ moment: Moment) -> Float {
        let first = moment.saw(1)
        let second = moment.saw(1, 0.5)
        let share = 0.5 - 0.5 * cosf(2 * .pi * first)
        func drift(_ turn: Float, _ shift: Float) -> Float {
            haze.at(p.x * 0.36 + shift - (turn - 0.5) * 0.055, p.y * 1.05 + shift * 0.7)
        }
        // Two half-strength noises are flatter than one: the root gives the contrast back.
        let flat = share * drift(first, 0.13) + (1 - share) * drift(second, 0.61)
        let noise = 0.5 + (flat - 0.5) / (share * share + (1 - share) * (1 - share)).squareRoot()
        let band = eased(p.y, 0.02, 0.22) * (1 - 0.6 * eased(p.y, 0.45, 0.6))
        return eased(noise, 0.47, 0.80) * 0.74 * band
    }
}
