/// The built-in picture: a balcony on a monsoon night. A pure function of time that repeats after eight seconds.
struct NightScene {
    /// Pixels drawn; the format's own, or half of it where that would take too long.
    var width: Int { view.width }
    var height: Int { view.height }

    private let view: View
    private let sky = Sky()
    private let lake = Lake()
    private let rain = Rain()
    private let garland = Garland()
    private let haze = Haze(columns: 256, rows: 256, cells: (8, 8), octaves: 4, seed: 23)
    private let print = Print()
    /// The sky without clouds; the far shore, which stands before them; and both without the moon's
    /// face, for the water to mirror.
    private let heaven: Canvas
    private let far: Canvas
    private let shore: Canvas
    /// The near side in the light that does not change.
    private let near: Canvas
    private let lampLight: Patch
    private let bulbLight: [Patch]

    init(fitting format: PictureFormat) {
        let isLarge = format.width * format.height > 1920 * 1080
        let view = View(width: format.width / (isLarge ? 2 : 1), height: format.height / (isLarge ? 2 : 1))
        var heaven = Canvas(view: view)
        sky.paint(on: &heaven)
        var far = Canvas(view: view)
        Palace.paint(on: &far)
        var shore = heaven
        sky.paintMoon(on: &heaven)
        shore.cover(with: far, in: .everything)
        // The stuff of the near side, then the lights on it.
        var stuff = Canvas(view: view)
        Balcony.paint(on: &stuff)
        Self.shadows(on: &stuff)
        Radio.paint(on: &stuff)
        Tea.paint(on: &stuff)
        Cat.paint(on: &stuff)
        Diya.paint(on: &stuff)
        garland.paint(on: &stuff)
        var near = stuff
        for index in near.pixels.indices {
            let p = view.place(index % view.width, index / view.width)
            near.pixels[index] *= SIMD4(Self.stillLight(at: p), 1)
        }
        Cat.rim(on: &near)
        lampLight = Patch(view: view, area: .everything) { canvas in
            for index in canvas.pixels.indices where stuff.pixels[index].w > 0 {
                let p = view.place(index % view.width, index / view.width)
                canvas.pixels[index] = stuff.pixels[index] * SIMD4(Diya.light(at: p), 0)
            }
        }
        bulbLight = garland.patches(view: view, stuff: stuff)
        self.view = view
        self.heaven = heaven
        self.far = far
        self.shore = shore
        self.near = near
    }

    /// The picture `second` into the loop: packed 8-bit RGB of `width` by `height`.
    func frame(atSecond second: Double) -> [UInt8] {
        var canvas = blank
        return frame(atSecond: second, using: &canvas)
    }

    /// Paper for `frame(atSecond:using:)`.
    var blank: Canvas { Canvas(view: view) }

    /// The same, on paper that is used again for the next picture: its memory is the dearest part.
    func frame(atSecond second: Double, using canvas: inout Canvas) -> [UInt8] {
        let moment = Moment(second: second, of: Double(LoopPlan.likedSeconds))
        canvas.copy(heaven)
        sky.clouds(at: moment, over: &canvas)
        canvas.cover(with: far, in: Area(left: -100, top: 0.3, right: 100, bottom: Sky.horizon + 0.03))
        lake.paint(at: moment, mirroring: shore, on: &canvas)
        rain.fall(at: moment, on: &canvas)
        canvas.cover(with: near, in: .everything)
        lampLight.add(to: &canvas, strength: moment.flicker(3))
        garland.marigolds(at: moment, on: &canvas)
        for (group, patch) in bulbLight.enumerated() {
            patch.add(to: &canvas, strength: Garland.strength(of: group, at: moment))
        }
        Radio.play(at: moment, on: &canvas)
        Cat.tail(at: moment, on: &canvas)
        Diya.burn(at: moment, on: &canvas)
        Tea.steam(at: moment, haze: haze, on: &canvas)
        return print.bytes(canvas)
    }

    /// Where things stand, less light arrives.
    private static func shadows(on canvas: inout Canvas) {
        let y = Balcony.standing
        let things: [(at: Place, reach: Place)] = [
            (Place(Radio.centre.x, y - 0.002), Place(0.215, 0.016)), (Tea.foot + Place(0.012, 0), Place(0.050, 0.010)),
            (Diya.foot, Place(0.055, 0.011)), (Place(0.535, y + 0.010), Place(0.120, 0.016)),
        ]
        for thing in things {
            canvas.shade(.around(thing.at, 0.26)) { p in
                let q = (p - thing.at) / thing.reach
                return 1 - 0.72 * bell(length(q), 0.8)
            }
        }
    }

    /// Night from outside, a little warmth from the room behind us.
    private static func stillLight(at p: Place) -> Light {
        let night = Light(hex: 0x6a68a8) * 0.50
        let room = Light(hex: 0xffa060) * (0.17 + 0.14 * eased(p.y, 0.75, 1.0))
        let edge = 1 - 0.45 * eased(abs(p.x), 0.55, 0.95)
        return (night + room) * edge
    }
}
