internal import Glibc

/// The water between the shores: it shows the far one upside down, carries lamps, and is pricked by the rain.
struct Lake {
    /// Where the near ledge hides it.
    static let nearEdge: Float = 0.86

    /// A floating diya.
    private struct Lamp {
        let at: Place
        let size: Float
        let seed: Int
    }
    private let lamps: [Lamp]

    /// Four waves that run across the water, each a sine of (row) + (column): the sum theorem spares two million
    /// sines a picture.
    private struct Crests {
        private var sines: SIMD4<Float> = .zero
        private var cosines: SIMD4<Float> = .zero

        /// The part that a column gives.
        init(x: Float) { set(SIMD4(x * 0.5, x * -0.8 + 0.3, x * 2.3, x * -3.1)) }

        /// The part that a row gives, at its moment.
        init(row far: Float, _ moment: Moment) {
            let times = SIMD4<Float>(moment.saw(2), moment.saw(3), moment.saw(5), moment.saw(-4))
            set(times + SIMD4(0.42, 0.93, 2.1, 3.3) * far)
        }

        private mutating func set(_ turns: SIMD4<Float>) {
            for n in 0..<4 {
                sines[n] = sinf(2 * .pi * turns[n])
                cosines[n] = cosf(2 * .pi * turns[n])
            }
        }

        func meet(_ column: Crests) -> (swell: Float, chop: Float) {
            let sum = sines * column.cosines + cosines * column.sines
            return (sum.x * 0.6 + sum.y * 0.4, (sum.z + sum.w) * 0.5)
        }
    }

    init() {
        lamps = (0..<13).map { n in
            // Rows that recede: the farther the smaller, and the closer together.
            let depth = 0.06 + 0.80 * powf((Float(n) + 0.5) / 13, 1.25)
            let y = Sky.horizon + (Lake.nearEdge - Sky.horizon) * depth
            let x = (Chance.at(n, 71) - 0.5) * (0.7 + depth * 0.9)
            return Lamp(at: Place(x, y), size: 0.0035 + 0.0085 * depth, seed: n)
        }
    }

    /// - Parameter shore: the still picture of what is above the horizon.
    func paint(at moment: Moment, mirroring shore: Canvas, on canvas: inout Canvas) {
        let view = canvas.view
        let deep = Light(hex: 0x0d1238)
        let shown = Area(left: -Balcony.halfWidth, top: Sky.horizon, right: Balcony.halfWidth, bottom: Lake.nearEdge)
        let (columns, rows) = canvas.span(shown)
        let waves = columns.map { Crests(x: view.place($0, 0).x) }
        for row in rows {
            let y = view.place(0, row).y
            let depth = (y - Sky.horizon) / (Lake.nearEdge - Sky.horizon)
            if depth <= 0 { continue }
            // Waves look shorter and calmer towards the horizon.
            let crests = Crests(row: 1 / (0.06 + depth), moment)
            let reach = 0.0012 + 0.017 * depth
            let still = 0.76 - 0.36 * depth
            let mirror = Sky.horizon - (y - Sky.horizon) * 1.6
            let own = SIMD4(deep * (0.35 + depth * 0.4), 0)
            for column in columns {
                let x = view.place(column, row).x
                let (swell, chop) = crests.meet(waves[column - columns.lowerBound])
                let mirrored = Place(x + reach * (swell + 0.45 * chop), mirror + reach * (chop * 1.8 + swell * 0.9))
                var light = shore.sample(mirrored) * still + own
                // The moon's road: crests that throw it back.
                let aside = abs(x - Sky.moon.x + 0.02 * swell) / (0.030 + 0.050 * depth)
                if aside < 2.2 {
                    let crest = eased(swell * 0.55 + chop * 0.6, 0.02, 0.72)
                    light += SIMD4(Light(hex: 0xffe0b0) * (bell(aside, 1) * crest * (0.95 - 0.40 * depth)), 0)
                }
                light.w = 1
                canvas.pixels[row * view.width + column] = light
            }
        }
        for lamp in lamps { float(lamp, at: moment, on: &canvas) }
        rings(at: moment, on: &canvas)
    }

    private func float(_ lamp: Lamp, at moment: Moment, on canvas: inout Canvas) {
        let view = canvas.view
        let phase = Chance.at(lamp.seed, 3)
        let s = lamp.size
        let p0 = lamp.at + Place(0.35 * s * moment.wave(1, phase), 0.14 * s * moment.wave(2, phase * 2))
        let bright = moment.flicker(lamp.seed)
        let warm = Light(hex: 0xff9a3a)
        // Its light on the water, drawn out towards us.
        canvas.glow(Area(left: p0.x - s * 5, top: p0.y, right: p0.x + s * 5, bottom: p0.y + s * 9)) { p in
            let down = (p.y - p0.y) / s
            let sway = s * 0.5 * moment.wave(4, down * 0.35 + phase) * min(1, down * 0.4)
            let streak = bell(p.x - p0.x - sway, s * (0.42 + 0.07 * down)) * expf(-down * 0.34)
            return warm * (0.55 * bright * streak * (0.8 + 0.2 * moment.wave(-3, down * 0.8 + phase)))
        }
        canvas.glow(.around(p0, s * 6)) { p in
            let q = p - p0 + Place(0, s * 0.7)
            return warm * (0.32 * bright * bell(length(q), s * 2.2))
        }
        canvas.paint(.around(p0, s * 2)) { p in
            let bowl = max(Shape.ellipse(p, p0, Place(s * 0.95, s * 0.42)), p0.y - s * 0.08 - p.y)
            return (Light(hex: 0x5a2a1c), view.cover(bowl))
        }
        canvas.paint(.around(p0, s * 2.5)) { p in
            let tip = p0 + Place(s * 0.12 * moment.wave(6, phase), -s * 1.5 * bright)
            let flame = Shape.stroke(p, p0 + Place(0, -s * 0.35), tip, s * 0.34, s * 0.05)
            return (Light(hex: 0xffd27a) * 1.5, view.cover(flame))
        }
    }

    /// Where drops fall: flat circles that widen and fade.
    private func rings(at moment: Moment, on canvas: inout Canvas) {
        for drop in 0..<46 {
            let times = 4 + drop % 3
            let age = moment.saw(times, Chance.at(drop, 9))
            let depth = 0.1 + 0.9 * Chance.at(drop, 21)
            let centre = Place(
                (Chance.at(drop, 20) - 0.5) * 1.7, Sky.horizon + (Lake.nearEdge - Sky.horizon) * depth)
            let radius = (0.004 + 0.028 * age) * (0.3 + 0.7 * depth)
            let fade = (1 - age) * (1 - age) * 0.10
            let area = Area(
                left: centre.x - radius * 1.3, top: centre.y - radius * 0.5, right: centre.x + radius * 1.3,
                bottom: centre.y + radius * 0.5)
            canvas.glow(area) { p in
                let q = (p - centre) / Place(radius, radius * 0.3)
                return Light(hex: 0xc8b8e0) * (fade * bell(length(q) - 1, 0.22))
            }
        }
    }
}
