internal import Glibc

/// Signed distances: negative inside, in scene units.
enum Shape {
    static func circle(_ p: Place, _ centre: Place, _ radius: Float) -> Float { length(p - centre) - radius }

    /// Near enough for soft edges; exact on the outline.
    static func ellipse(_ p: Place, _ centre: Place, _ radii: Place) -> Float {
        let q = (p - centre) / radii
        let k = length(q)
        let slope = length(q / radii)
        return slope < 1e-6 ? -min(radii.x, radii.y) : k * (k - 1) / slope
    }

    static func box(_ p: Place, _ centre: Place, _ half: Place, round: Float = 0) -> Float {
        let d = Place(abs(p.x - centre.x), abs(p.y - centre.y)) - half + round
        return length(Place(max(d.x, 0), max(d.y, 0))) + min(max(d.x, d.y), 0) - round
    }

    /// A stroke from `a` to `b`, as thick as `ra` at one end and `rb` at the other.
    static func stroke(_ p: Place, _ a: Place, _ b: Place, _ ra: Float, _ rb: Float) -> Float {
        let along = b - a
        let share = clamped(dot(p - a, along) / max(dot(along, along), 1e-9))
        return length(p - a - along * share) - mixed(ra, rb, share)
    }

    /// Between two x = f(y) sides: `half` gives half the width at a height.
    static func turned(_ p: Place, axis: Float, top: Float, bottom: Float, half: (Float) -> Float) -> Float {
        let side = abs(p.x - axis) - half(min(max(p.y, top), bottom))
        return max(side, max(top - p.y, p.y - bottom))
    }

    /// Joined with a fillet of about `k`.
    static func joined(_ a: Float, _ b: Float, _ k: Float) -> Float {
        let h = max(k - abs(a - b), 0) / k
        return min(a, b) - h * h * k / 4
    }

    /// An onion dome on its base line: full above the base, drawn in at the foot, pointed.
    static func onion(_ p: Place, base: Place, radius: Float, height: Float) -> Float {
        turned(p, axis: base.x, top: base.y - height, bottom: base.y) { y in
            let up = (base.y - y) / height
            // Swells to its widest at a fifth of the height, then runs into the point.
            let belly = sinf(.pi * min(up * 0.62 + 0.36, 1))
            let point = powf(max(0, 1 - up), 0.62)
            return radius * min(belly * 1.02, point * 1.28)
        }
    }

    /// A multifoil arch: the opening under a row of lobes between two pillars.
    static func cuspedArch(_ p: Place, halfWidth: Float, spring: Float, rise: Float) -> Float {
        // Mirrored: one half is enough.
        let q = Place(abs(p.x), p.y)
        var d = max(q.x - halfWidth, spring - q.y)
        d = min(d, ellipse(q, Place(0, spring), Place(halfWidth * 0.89, rise * 0.78)))
        let lobes = 5
        for lobe in 0..<lobes {
            let angle = (Float(lobe) + 0.5) / (Float(lobes) + 0.5) * .pi / 2
            let centre = Place(halfWidth * 0.9 * cosf(angle), spring - rise * 0.8 * sinf(angle))
            d = min(d, circle(q, centre, 0.085))
        }
        // The crown: a lobe that runs into a point.
        let crown = Place(0, spring - rise * 0.84)
        d = min(d, circle(q, crown, 0.075))
        let tip = q - crown
        d = min(d, max(tip.y, tip.x * 0.8 - tip.y * 0.6 - 0.056))
        return d
    }
}
