internal import Glibc

/// From pixels to the scene and back.
struct View: Sendable {
    let width: Int
    let height: Int
    /// Pixels of one scene unit.
    let unit: Float

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        // Composed for 16:9: narrower pictures see all of the middle, and more above and below.
        unit = min(Float(height), Float(width) / 1.5)
    }

    func place(_ column: Int, _ row: Int) -> Place {
        Place(
            (Float(column) + 0.5 - Float(width) / 2) / unit, (Float(row) + 0.5 - Float(height) / 2) / unit + 0.5)
    }

    func column(_ x: Float) -> Float { x * unit + Float(width) / 2 - 0.5 }
    func row(_ y: Float) -> Float { (y - 0.5) * unit + Float(height) / 2 - 0.5 }

    /// How much of a pixel at this signed distance is covered.
    func cover(_ distance: Float) -> Float { clamped(0.5 - distance * unit) }
}

/// A rectangle of the scene.
struct Area {
    var left: Float
    var top: Float
    var right: Float
    var bottom: Float

    static let everything = Area(left: -100, top: -100, right: 100, bottom: 100)

    static func around(_ p: Place, _ reach: Float) -> Area {
        Area(left: p.x - reach, top: p.y - reach, right: p.x + reach, bottom: p.y + reach)
    }
}

/// Linear light with premultiplied cover in `w`.
struct Canvas {
    let view: View
    var pixels: [SIMD4<Float>]

    init(view: View) {
        self.view = view
        pixels = [SIMD4<Float>](repeating: .zero, count: view.width * view.height)
    }

    /// Columns and rows of an area that lie on the canvas.
    func span(_ area: Area) -> (columns: Range<Int>, rows: Range<Int>) {
        func clip(_ from: Float, _ to: Float, _ most: Int) -> Range<Int> {
            let first = Int(min(max(from, 0), Float(most)))
            let last = Int(min(max(to + 2, 0), Float(most)))
            return first..<max(first, last)
        }
        return (
            clip(view.column(area.left), view.column(area.right), view.width),
            clip(view.row(area.top), view.row(area.bottom), view.height)
        )
    }

    /// Lays light of some cover over what is there.
    mutating func paint(_ area: Area = .everything, _ ink: (Place) -> (light: Light, cover: Float)) {
        let (columns, rows) = span(area)
        for row in rows {
            for column in columns {
                let (light, cover) = ink(view.place(column, row))
                if cover <= 0 { continue }
                let index = row * view.width + column
                pixels[index] = pixels[index] * (1 - cover) + SIMD4(light * cover, cover)
            }
        }
    }

    /// Adds light, as a lamp does.
    mutating func glow(_ area: Area = .everything, _ light: (Place) -> Light) {
        let (columns, rows) = span(area)
        for row in rows {
            for column in columns {
                pixels[row * view.width + column] += SIMD4(light(view.place(column, row)), 0)
            }
        }
    }

    /// Multiplies what is there.
    mutating func shade(_ area: Area = .everything, _ factor: (Place) -> Float) {
        let (columns, rows) = span(area)
        for row in rows {
            for column in columns {
                let index = row * view.width + column
                let by = factor(view.place(column, row))
                pixels[index] *= SIMD4(by, by, by, 1)
            }
        }
    }

    /// Becomes a copy of another canvas of the same view, without new memory.
    mutating func copy(_ other: Canvas) {
        other.pixels.withUnsafeBufferPointer { from in
            pixels.withUnsafeMutableBufferPointer { to in _ = to.update(from: from) }
        }
    }

    /// Lays another canvas of the same view over this one.
    mutating func cover(with other: Canvas, in area: Area) {
        let (columns, rows) = span(area)
        let width = view.width
        other.pixels.withUnsafeBufferPointer { over in
            pixels.withUnsafeMutableBufferPointer { under in
                for row in rows {
                    for index in (row * width + columns.lowerBound)..<(row * width + columns.upperBound) {
                        under[index] = over[index] + under[index] * (1 - over[index].w)
                    }
                }
            }
        }
    }

    /// The light at a place between pixels.
    func sample(_ p: Place) -> SIMD4<Float> {
        let x = min(max(view.column(p.x), 0), Float(view.width - 1) - 0.001)
        let y = min(max(view.row(p.y), 0), Float(view.height - 1) - 0.001)
        let (left, top) = (Int(x), Int(y))
        let (u, v) = (x - Float(left), y - Float(top))
        let index = top * view.width + left
        return pixels.withUnsafeBufferPointer {
            let upper = mixed($0[index], $0[index + 1], u)
            return mixed(upper, mixed($0[index + view.width], $0[index + view.width + 1], u), v)
        }
    }
}

/// A patch of light that is switched up and down without being drawn anew.
struct Patch {
    private let columns: Range<Int>
    private let rows: Range<Int>
    private let light: [SIMD4<Float>]

    init(view: View, area: Area, _ draw: (inout Canvas) -> Void) {
        var canvas = Canvas(view: view)
        draw(&canvas)
        (columns, rows) = canvas.span(area)
        var light: [SIMD4<Float>] = []
        for row in rows {
            let start = row * view.width
            light += canvas.pixels[(start + columns.lowerBound)..<(start + columns.upperBound)]
        }
        self.light = light
    }

    /// Adds the patch, `strength` times, and keeps the cover below as it is.
    func add(to canvas: inout Canvas, strength: Float) {
        let width = canvas.view.width
        let factor = SIMD4(strength, strength, strength, 0)
        canvas.pixels.withUnsafeMutableBufferPointer { pixels in
            light.withUnsafeBufferPointer { light in
                var from = 0
                for row in rows {
                    for index in (row * width + columns.lowerBound)..<(row * width + columns.upperBound) {
                        pixels[index] += light[from] * factor
                        from += 1
                    }
                }
            }
        }
    }
}

/// From linear light to the bytes of a screen.
struct Print: Sendable {
    private let curve: [UInt16]
    private static let steps = 8192
    private static let brightest: Float = 4

    init() {
        curve = (0...Self.steps).map { step in
            // The square of the step: the dark needs the finer steps.
            let share = Float(step) / Float(Self.steps)
            var value = share * share * Self.brightest
            // What is brighter than a screen runs into white softly.
            if value > 0.6 { value = 0.6 + 0.4 * (1 - expf(-(value - 0.6) / 0.4)) }
            let shown = value <= 0.003_130_8 ? value * 12.92 : 1.055 * powf(value, 1 / 2.4) - 0.055
            return UInt16(shown * 255 * 128)
        }
    }

    /// Packed 8-bit RGB. A still dither hides the steps of dark gradients; it moves never, so it costs nothing.
    func bytes(_ canvas: Canvas) -> [UInt8] {
        let count = canvas.pixels.count
        let scale = Float(Self.steps) / Self.brightest.squareRoot()
        let most = SIMD4<Float>(repeating: Float(Self.steps))
        return [UInt8](unsafeUninitializedCapacity: count * 3) { bytes, filled in
            curve.withUnsafeBufferPointer { curve in
                canvas.pixels.withUnsafeBufferPointer { pixels in
                    for index in 0..<count {
                        let light = pixels[index]
                        let root = light.replacing(with: 0, where: light .< 0).squareRoot() * scale
                        let step = root.replacing(with: most, where: root .> most)
                        let grain = UInt16(truncatingIfNeeded: (index &* 0x9e37_79b1) >> 13) & 127
                        // The curve ends at 255 * 128, so with the grain no sum leaves a byte.
                        bytes[index * 3] = UInt8(truncatingIfNeeded: (curve[Int(step.x)] + grain) >> 7)
                        bytes[index * 3 + 1] = UInt8(truncatingIfNeeded: (curve[Int(step.y)] + grain) >> 7)
                        bytes[index * 3 + 2] = UInt8(truncatingIfNeeded: (curve[Int(step.z)] + grain) >> 7)
                    }
                }
            }
            filled = count * 3
        }
    }
}
