internal import Glibc

/// A place in the scene: x from the middle to the right, y from the top (0) to the bottom (1) of the picture.
typealias Place = SIMD2<Float>
/// Linear light, red, green, blue.
typealias Light = SIMD3<Float>

extension SIMD3<Float> {
    /// From the `0xRRGGBB` a painter would pick on a screen.
    init(hex: UInt32) {
        self.init(
            screenCurve[Int(hex >> 16 & 0xff)], screenCurve[Int(hex >> 8 & 0xff)], screenCurve[Int(hex & 0xff)])
    }
}

/// Linear light of each step of a screen.
private let screenCurve: [Float] = (0..<256).map { step in
    let value = Float(step) / 255
    return value <= 0.04045 ? value / 12.92 : powf((value + 0.055) / 1.055, 2.4)
}

// One for each type, not one generic: a debug build optimises file by file, and a generic called from another file
// is a hundred times slower there.
func mixed(_ a: SIMD4<Float>, _ b: SIMD4<Float>, _ share: Float) -> SIMD4<Float> { a + (b - a) * share }
func mixed(_ a: Light, _ b: Light, _ share: Float) -> Light { a + (b - a) * share }
func mixed(_ a: Place, _ b: Place, _ share: Float) -> Place { a + (b - a) * share }
func mixed(_ a: Float, _ b: Float, _ share: Float) -> Float { a + (b - a) * share }
func clamped(_ value: Float) -> Float { min(max(value, 0), 1) }

/// 0 at `from`, 1 at `to`, without a corner.
func eased(_ value: Float, _ from: Float, _ to: Float) -> Float {
    let share = clamped((value - from) / (to - from))
    return share * share * (3 - 2 * share)
}

/// A bell of height 1 at 0; about 0.01 at 2.15 times `width`.
func bell(_ distance: Float, _ width: Float) -> Float {
    let ratio = distance / width
    // Less than a hundred-thousandth is nothing, and the exponential is dear.
    return abs(ratio) > 3.4 ? 0 : expf(-ratio * ratio)
}

func length(_ v: Place) -> Float { (v.x * v.x + v.y * v.y).squareRoot() }
func dot(_ a: Place, _ b: Place) -> Float { a.x * b.x + a.y * b.y }

/// Chance that is the same in every run: the pictures are a pure function of time.
enum Chance {
    /// 0 ..< 1 for any two whole numbers.
    static func at(_ a: Int, _ b: Int = 0) -> Float {
        var bits = UInt32(truncatingIfNeeded: a) &* 0x9e37_79b1 ^ UInt32(truncatingIfNeeded: b) &* 0x85eb_ca77
        bits ^= bits >> 15
        bits = bits &* 0x2c1b_3c6d
        bits ^= bits >> 12
        bits = bits &* 0x297a_2d39
        bits ^= bits >> 15
        return Float(bits >> 8) / 16_777_216
    }
}

/// Soft noise that repeats every `columns` and `rows`: a table, because it is looked up millions of times.
struct Haze {
    private let columns: Int
    private let rows: Int
    private let values: [Float]

    /// - Parameters:
    ///   - columns: table width, a power of two; `rows` likewise.
    ///   - cells: features across the table at the coarsest of `octaves`.
    init(columns: Int, rows: Int, cells: (x: Int, y: Int), octaves: Int, seed: Int) {
        var values = [Float](repeating: 0, count: columns * rows)
        var share: Float = 0.5
        var total: Float = 0
        for octave in 0..<octaves {
            let across = cells.x << octave
            let down = cells.y << octave
            for row in 0..<rows {
                let y = Float(row) * Float(down) / Float(rows)
                let top = Int(y)
                let v = eased(y - Float(top), 0, 1)
                for column in 0..<columns {
                    let x = Float(column) * Float(across) / Float(columns)
                    let left = Int(x)
                    let u = eased(x - Float(left), 0, 1)
                    func corner(_ i: Int, _ j: Int) -> Float {
                        Chance.at(seed + octave * 977 + (i % across) * 131, (j % down) * 7919 + seed)
                    }
                    let upper = mixed(corner(left, top), corner(left + 1, top), u)
                    let lower = mixed(corner(left, top + 1), corner(left + 1, top + 1), u)
                    values[row * columns + column] += share * mixed(upper, lower, v)
                }
            }
            total += share
            share /= 2
        }
        self.columns = columns
        self.rows = rows
        self.values = values.map { $0 / total }
    }

    /// 0...1 at a place of which the table covers 0 ..< 1 in both directions, repeated for ever.
    func at(_ x: Float, _ y: Float) -> Float {
        let across = (x - x.rounded(.down)) * Float(columns)
        let down = (y - y.rounded(.down)) * Float(rows)
        let (left, top) = (Int(across), Int(down))
        let (u, v) = (across - Float(left), down - Float(top))
        let (l, r) = (left & (columns - 1), (left + 1) & (columns - 1))
        let (a, b) = ((top & (rows - 1)) * columns, ((top + 1) & (rows - 1)) * columns)
        return values.withUnsafeBufferPointer {
            mixed(mixed($0[a + l], $0[a + r], u), mixed($0[b + l], $0[b + r], u), v)
        }
    }
}

/// Time within the loop. Everything that moves does so a whole number of times in it, so that the end meets the
/// beginning.
struct Moment {
    /// 0 ..< 1 through the loop.
    let share: Float

    init(second: Double, of seconds: Double) {
        let turn = second / seconds
        share = Float(turn - turn.rounded(.down))
    }

    /// A sine with `times` periods in the loop; `phase` in turns.
    func wave(_ times: Int, _ phase: Float = 0) -> Float {
        sinf(2 * .pi * ((share * Float(times)).truncatingRemainder(dividingBy: 1) + phase))
    }

    /// 0 ..< 1, `times` times in the loop.
    func saw(_ times: Int, _ phase: Float = 0) -> Float {
        let turn = share * Float(times) + phase
        return turn - turn.rounded(.down)
    }

    /// About 1, restless as a small flame.
    func flicker(_ seed: Int) -> Float {
        let phase = Chance.at(seed, 5)
        return 1 + 0.07 * wave(5 + seed % 3, phase) + 0.05 * wave(11 + seed % 5, phase * 3)
            + 0.035 * wave(19 + seed % 7, phase * 7)
    }
}
