internal import Glibc

/// Fine rain in front of the view: streaks that fall a whole number of times in the loop.
struct Rain {
    private struct Drop {
        let x: Float
        let times: Int
        let phase: Float
        let length: Float
        let light: Float
    }
    private let drops: [Drop]
    /// Sideways for each unit of fall.
    private static let slant: Float = -0.07

    init() {
        drops = (0..<260).map { n in
            // Near drops are long, quick and few.
            let near = powf(Chance.at(n, 41), 2.5)
            return Drop(
                x: (Chance.at(n, 42) - 0.5) * 2.2, times: 8 + Int(near * 5), phase: Chance.at(n, 43),
                length: 0.028 + 0.06 * near, light: 0.042 + 0.085 * near)
        }
    }

    func fall(at moment: Moment, on canvas: inout Canvas) {
        let view = canvas.view
        let span: Float = 1.25
        let tint = Light(hex: 0xbcc4f0)
        for drop in drops {
            let foot = moment.saw(drop.times, drop.phase) * span - 0.1
            let rows = canvas.span(Area(left: 0, top: foot - drop.length, right: 0, bottom: min(foot, Lake.nearEdge)))
                .rows
            for row in rows {
                let p = view.place(0, row)
                let up = (foot - p.y) / drop.length
                if up < 0 || up > 1 { continue }
                let strength = drop.light * (1 - up) * min(1, up * 6 + 0.2)
                let x = view.column(drop.x + Rain.slant * (p.y - 0.4))
                let left = Int(x.rounded(.down))
                let share = x - Float(left)
                for (column, part) in [(left, 1 - share), (left + 1, share)] where column >= 0 && column < view.width {
                    canvas.pixels[row * view.width + column] += SIMD4(tint * (strength * part), 0)
                }
            }
        }
    }
}
