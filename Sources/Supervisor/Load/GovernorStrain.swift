/// What one reading means: is the machine short of processors, and does it matter to the air?
enum GovernorStrain: Equatable {
    /// Frames come so late that it is heard next.
    case late(String)
    /// Short, in words.
    case strained(String)
    /// Neither short nor at ease: leave everything as it is.
    case between
    case calm

    var words: String? {
        switch self {
        case .late(let words), .strained(let words): words
        case .between, .calm: nil
        }
    }

    /// Between strain and calm lies this much, so that a figure that wobbles moves nothing.
    private static let calmShare = 0.7
    /// Where waiting is not counted: a machine that others than the generators use so much is short when tasks wait.
    private static let othersPercentMin = 30.0
    private static let pressurePercentUncounted = 50.0
    private static let loadPerProcessorUncounted = 2.0

    init(_ reading: LoadReading, policy: GovernorPolicy) {
        if let lateness = reading.latenessSeconds, lateness >= policy.lateSeconds {
            self = .late("the encoder's frames are \(Int(lateness * 1000)) ms late")
            return
        }
        var reason: String?
        var isCalm = true
        func judge(_ figure: Double?, against limit: Double, _ words: (Double) -> String) {
            guard let figure, limit.isFinite else { return }
            if figure >= limit { reason = reason ?? words(figure) }
            if figure > limit * Self.calmShare { isCalm = false }
        }
        judge(reading.latenessSeconds, against: policy.strainLatenessSeconds) {
            "the encoder's frames are \(Int($0 * 1000)) ms late"
        }
        judge(reading.airWaitSecondsPerSecond, against: policy.strainWaitSeconds) {
            "encoder and feeder wait \(Self.tenths($0 * 100)) % of the time for a processor"
        }
        // A generator at niceness 19 that takes what is left makes tasks wait, itself, and is in nobody's way: pressure
        // counts only when it is somebody else's.
        if reading.othersPercent >= Self.othersPercentMin {
            judge(reading.pressurePercent, against: policy.strainPressurePercent) {
                "other programs are short of processors, some avg10=\(Self.tenths($0)) %"
            }
            if reading.airWaitSecondsPerSecond == nil, policy.strainWaitSeconds.isFinite {
                let pressure = reading.cgroupPressurePercent ?? reading.pressurePercent
                judge(pressure, against: Self.pressurePercentUncounted) {
                    "processors are short, some avg10=\(Self.tenths($0)) %"
                }
                judge(
                    pressure == nil ? reading.loadAverage / Double(max(1, reading.processors)) : nil,
                    against: Self.loadPerProcessorUncounted
                ) { "processors are short, load average \(Self.tenths($0 * Double(reading.processors)))" }
            }
        }
        self = reason.map(GovernorStrain.strained) ?? (isCalm ? .calm : .between)
    }

    private static func tenths(_ figure: Double) -> String {
        let rounded = (figure * 10).rounded() / 10
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }
}
