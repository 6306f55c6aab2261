public import Config

/// When the governor acts, in figures. The defaults are `balanced`.
///
/// Chosen from runs on two cores that other work shared, so the figures are no promise. In runs of a minute the worst
/// frame of a second was 29 to 37 ms late at ease; beside stress-ng in the same cgroup, with encoder and feeder at
/// niceness -10, the air's threads waited 0.5 to 1.3 s a second and it was 46 ms in the median. Single seconds were far
/// worse in longer runs, held back or not: a limit on the median or on the 99th percentile is kept, one on every second
/// depends on who else is on the machine. A busy program at niceness 19 is hardly noticed, whatever it makes of load
/// average and PSI.
public struct GovernorPolicy: Sendable, Equatable {
    /// False: nothing is ever held back.
    public var acts = true
    /// A frame so late is strain; less than seven tenths of it is calm, here and below.
    public var strainLatenessSeconds = 0.06
    /// A frame so late is the air being late, which comes before everything.
    public var lateSeconds = 0.1
    /// Strain when the encoder's and the feeder's threads together wait so many seconds in each second for a
    /// processor. Infinite: it is no reason.
    public var strainWaitSeconds = 0.8
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
    public var worthPercent = 15.0

    public init() {}

    public init(_ policy: LoadPolicy) {
        switch policy {
        case .balanced: break
        case .gentle:
            strainWaitSeconds = 0.4
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
