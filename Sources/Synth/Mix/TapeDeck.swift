internal import Glibc

/// The cassette: wow and flutter, a soft magnetic ceiling and a dark top.
final class TapeDeck {
    private var left = DelayLine(samples: 1_024)
    private var right = DelayLine(samples: 1_024)
    private var wowPhase: Float = 0
    private var flutterPhase: Float = 0
    private var delay: Float = 300
    private let wowDepth: Float
    private let drive: Float
    private var leftTop: StateVariable
    private var rightTop: StateVariable
    private var leftDirect = OnePole(hertz: 28)
    private var rightDirect = OnePole(hertz: 28)

    /// `wow` in 0...1, `drive` in 0...2, `topHertz` the corner of the low-pass.
    init(wow: Float, drive: Float, topHertz: Float) {
        wowDepth = wow
        self.drive = 0.6 + drive
        leftTop = StateVariable(hertz: topHertz, q: 0.65)
        rightTop = StateVariable(hertz: topHertz, q: 0.65)
    }

    /// A rational tanh: one in slope at zero, flat from 3.
    @inline(__always)
    private static func soften(_ x: Float) -> Float {
        let c = min(max(x, -3), 3)
        let square = c * c
        return c * (27 + square) / (27 + 9 * square)
    }

    func render(left l: UnsafeMutablePointer<Float>, right r: UnsafeMutablePointer<Float>, frames: Int) {
        let span = Float(frames) / SampleRate.hertz
        wowPhase = wrappedFar(wowPhase + 0.47 * span)
        flutterPhase = wrappedFar(flutterPhase + 5.3 * span)
        // 45 samples at 0.47 Hz is about 5 cents either way.
        let goal = 300 + wowDepth * (45 * sine(turns: wowPhase) + 1.1 * sine(turns: flutterPhase))
        let slope = (goal - delay) / Float(frames)
        let makeup = 1 / drive
        var inputLeft = left
        var inputRight = right
        var topLeft = leftTop
        var topRight = rightTop
        for i in 0..<frames {
            delay += slope
            inputLeft.push(l[i])
            inputRight.push(r[i])
            let x = topLeft.low(TapeDeck.soften(inputLeft.read(fraction: delay) * drive) * makeup)
            let y = topRight.low(TapeDeck.soften(inputRight.read(fraction: delay) * drive) * makeup)
            l[i] = leftDirect.high(x)
            r[i] = rightDirect.high(y)
        }
        left = inputLeft
        right = inputRight
        leftTop = topLeft
        rightTop = topRight
        delay = goal
    }
}
