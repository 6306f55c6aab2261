import Platform
import Testing

@testable import Encoder

struct LatenessMeterTests {
    /// Packets of 23 ms from media time `from` on, each as late as `late` says of its media time.
    private func feed(
        _ meter: inout LatenessMeter, from: Double, seconds: Double, clock: ManualClock, origin: Double = 1000,
        late: (Double) -> Double = { _ in 0 }
    ) {
        for packet in Int((from / 0.023).rounded())..<Int(((from + seconds) / 0.023).rounded()) {
            let media = Double(packet) * 0.023
            clock.advance(seconds: max(0, origin + media + late(media) - clock.monotonicSeconds))
            meter.note(.audio, mediaSeconds: media, at: clock.monotonicSeconds)
        }
    }

    /// NaN, which fails every comparison, where there is no stream.
    private func worst(_ meter: inout LatenessMeter, at now: Double) -> Double { meter.takeWorst(at: now) ?? .nan }

    @Test("packets that come as they should are on time, however long ago the station began")
    func onTime() {
        var meter = LatenessMeter()
        let clock = ManualClock(monotonicSeconds: 5e6)
        let none = meter.takeWorst(at: clock.monotonicSeconds)
        #expect(none == nil)
        feed(&meter, from: 2e6, seconds: 200, clock: clock, origin: 3e6)
        let late = worst(&meter, at: clock.monotonicSeconds)
        #expect(late < 0.001)
    }

    @Test("one late packet is told once, as late as it was")
    func oneLate() {
        var meter = LatenessMeter()
        let clock = ManualClock()
        feed(&meter, from: 0, seconds: 20, clock: clock) { abs($0 - 10) < 0.0115 ? 0.15 : 0 }
        let late = worst(&meter, at: clock.monotonicSeconds)
        #expect(abs(late - 0.15) < 0.001)
        feed(&meter, from: 20, seconds: 2, clock: clock)
        let next = worst(&meter, at: clock.monotonicSeconds)
        #expect(next < 0.001)
    }

    @Test("a packet that has not come is late already")
    func overdue() {
        var meter = LatenessMeter()
        let clock = ManualClock()
        feed(&meter, from: 0, seconds: 5, clock: clock)
        _ = meter.takeWorst(at: clock.monotonicSeconds)
        clock.advance(seconds: 2)
        let late = worst(&meter, at: clock.monotonicSeconds)
        #expect(abs(late - (2 - 0.023)) < 0.001)
    }

    @Test("a stream that has moved for good is late for a minute and on time after it")
    func moved() {
        var meter = LatenessMeter()
        let clock = ManualClock()
        feed(&meter, from: 0, seconds: 5, clock: clock)
        feed(&meter, from: 5, seconds: 30, clock: clock) { _ in 0.5 }
        let soon = worst(&meter, at: clock.monotonicSeconds)
        #expect(abs(soon - 0.5) < 0.001)
        feed(&meter, from: 35, seconds: 40, clock: clock) { _ in 0.5 }
        _ = meter.takeWorst(at: clock.monotonicSeconds)
        feed(&meter, from: 75, seconds: 10, clock: clock) { _ in 0.5 }
        let later = worst(&meter, at: clock.monotonicSeconds)
        #expect(later < 0.001)
    }

    @Test("a new ffmpeg and a rest off the air begin on time")
    func anchored() {
        var meter = LatenessMeter()
        let clock = ManualClock()
        feed(&meter, from: 0, seconds: 5, clock: clock)
        _ = meter.takeWorst(at: clock.monotonicSeconds)
        meter.anchor()
        clock.advance(seconds: 3600)
        let none = meter.takeWorst(at: clock.monotonicSeconds)
        #expect(none == nil)
        feed(&meter, from: 5, seconds: 5, clock: clock, origin: 4600)
        let late = worst(&meter, at: clock.monotonicSeconds)
        #expect(late < 0.001)
    }

    @Test("picture that always comes a little after its sound is not late")
    func twoLanes() {
        var meter = LatenessMeter()
        for frame in 0..<300 {
            let media = Double(frame) / 30
            meter.note(.audio, mediaSeconds: media, at: 100 + media)
            meter.note(.video, mediaSeconds: media, at: 100.2 + media)
        }
        let late = worst(&meter, at: 110)
        #expect(late < 0.001)
    }

    @Test("what could not be reported is reported next time")
    func putBack() {
        var meter = LatenessMeter()
        meter.note(.audio, mediaSeconds: 0, at: 10)
        meter.note(.audio, mediaSeconds: 0.5, at: 10.8)
        let worst = meter.takeWorst(at: 10.8) ?? 0
        meter.putBack(worst)
        #expect(worst > 0.29)
        let again = meter.takeWorst(at: 10.8)
        #expect(again == worst)
    }
}
