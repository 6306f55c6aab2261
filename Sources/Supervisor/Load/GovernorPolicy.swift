public import Config

/// When the governor acts, in figures. The defaults are `balanced`.
///
/// Measured on two cores with ffmpeg encoding in real time: alone on the machine its threads wait 0.03 to 0.07 s in
/// each second for a processor, in turns of a third of a millisecond, and frames come at most 35 ms late. Beside two
/// busy programs of the same standing it is 0.27 s a second and 70 ms; beside eight 0.7 s and 100 to 400 ms; beside
/// more, seconds. A busy program at niceness 19 is hardly noticed, whatever it makes of load average and PSI.
public struct GovernorPolicy: Sendable, Equatable {
    /// False: nothing is ever held back.
    public var acts = true
    /// A frame so late is strain; less than seven tenths of it is calm, here and below.
    public var strainLatenessSeconds = 0.06
    /// A frame so late is the air being late, which comes before everything.
    public var lateSeconds = 0.1
    /// Strain when the encoder's and the feeder's threads together wait so many seconds in each second for a
    /// processor. Infinite: it is no reason.
    public var strainWaitSeconds = 0.5
    /// Strain when this share of the time (PSI `some avg10`, per cent) some task waits and others than the generators
    /// use the machine. Infinite: other programs are no reason.
    public var strainPressurePercent = Double.infinity
    /// Seconds of strain, in sum, before the next lever is pulled; the air being late counts three times. Seconds
    /// without take half of themselves off.
    public var riseSeconds = 6.0
    /// What a lever does is waited for so long before the next is pulled.
    public var settleSeconds = 10.0
    public var settleWhenLateSeconds = 3.0
    /// Calm for so long without a break lets go of one lever.
    public var calmSeconds = 30.0
    /// When letting go was wrong, the time doubles, up to this.
    public var calmSecondsMax = 600.0
    /// Waited after each track, as the second lever.
    public var restSeconds = 20.0
    /// Generators that use less than this, in per cent of one processor, are in nobody's way: further levers would
    /// only stop the music.
    public var worthPercent = 10.0

    public init() {}

    public init(_ policy: LoadPolicy) {
        switch policy {
        case .balanced: break
        case .gentle:
            strainWaitSeconds = 0.3
            strainPressurePercent = 30
            riseSeconds = 4
            calmSeconds = 60
            restSeconds = 60
        case .greedy:
            strainLatenessSeconds = 0.1
            strainWaitSeconds = .infinity
            restSeconds = 5
            calmSeconds = 20
        case .off: acts = false
        }
    }
}
