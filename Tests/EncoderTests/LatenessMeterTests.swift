import Platform
import Testing

@testable import Encoder

struct LatenessMeterTests {
    /// Packets of 23 ms, each as late as `late` says of its media time.
    private func feed(
        _ meter: inout LatenessMeter, _ kind: FlvTag.Kind = .audio, from: Double, seconds: Double, clock: ManualClock,
        late: (Double) -> Double = { _ in 0 }
    ) {
        let begin = clock.monotonicSeconds - from
        for packet in 0..<Int(seconds / 0.023) {
            let media = from + Double(packet) * 0.023
            let due = begin + media + late(media)
            if due > clock.monotonicSeconds { clock.advance(seconds: due - clock.monotonicSeconds) }
            meter.note(kind, mediaSeconds: media, at: clock.monotonicSeconds)
        }
    }

    @Test("packets that come as they should are on time, however long ago the station began")
    func onTime() throws {
        var meter = LatenessMeter()
        let clock = ManualClock(monotonicSeconds: 5e6)
        #expect(meter.takeWorst(at: clock.monotonicSeconds) == nil)
        feed(&meter, from: 2e6, seconds: 200, clock: clock)
        let worst = try #require(meter.takeWorst(at: clock.monotonicSeconds))
        #expect(worst < 0.001)
    }

    @Test("one late packet is told once, as late as it was")
    func oneLate() throws {
        var meter = LatenessMeter()
        let clock = ManualClock()
        feed(&meter, from: 0, seconds: 20, clock: clock) { abs($0 - 10) < 0.0115 ? 0.15 : 0 }
        let worst = try #require(meter.takeWorst(at: clock.monotonicSeconds))
        #expect(abs(worst - 0.15) < 0.001)
        feed(&meter, from: 20, seconds: 2, clock: clock)
        let next = try #require(meter.takeWorst(at: clock.monotonicSeconds))
        #expect(next < 0.001)
    }

    @Test("a packet that has not come is late already")
    func overdue() throws {
        var meter = LatenessMeter()
        let clock = ManualClock()
        feed(&meter, from: 0, seconds: 5, clock: clock)
        _ = meter.takeWorst(at: clock.monotonicSeconds)
        clock.advance(seconds: 2)
        let worst = try #require(meter.takeWorst(at: clock.monotonicSeconds))
        #expect(abs(worst - (2 - 0.023)) < 0.001)
    }

    @Test("a stream that has moved for good is late for a minute and on time after it")
    func moved() throws {
        var meter = LatenessMeter()
        let clock = ManualClock()
        feed(&meter, from: 0, seconds: 5, clock: clock)
        feed(&meter, from: 5, seconds: 30, clock: clock) { _ in 0.5 }
        let soon = try #require(meter.takeWorst(at: clock.monotonicSeconds))
        #expect(abs(soon - 0.5) < 0.001)
        // The clock stands half a second further on now, which is where these packets belong.
        feed(&meter, from: 35, seconds: 40, clock: clock)
        _ = meter.takeWorst(at: clock.monotonicSeconds)
        feed(&meter, from: 75, seconds: 10, clock: clock)
        let later = try #require(meter.takeWorst(at: clock.monotonicSeconds))
        #expect(later < 0.03)
    }

    @Test("a new ffmpeg and a rest off the air begin on time")
    func anchored() throws {
        var meter = LatenessMeter()
        let clock = ManualClock()
        feed(&meter, from: 0, seconds: 5, clock: clock)
        _ = meter.takeWorst(at: clock.monotonicSeconds)
        meter.anchor()
        clock.advance(seconds: 3600)
        #expect(meter.takeWorst(at: clock.monotonicSeconds) == nil)
        feed(&meter, from: 5, seconds: 5, clock: clock)
        let worst = try #require(meter.takeWorst(at: clock.monotonicSeconds))
        #expect(worst < 0.001)
    }

    @Test("picture that always comes a little after its sound is not late")
    func twoLanes() throws {
        var meter = LatenessMeter()
        for frame in 0..<300 {
            let media = Double(frame) / 30
            meter.note(.audio, mediaSeconds: media, at: 100 + media)
            meter.note(.video, mediaSeconds: media, at: 100.2 + media)
        }
        let worst = try #require(meter.takeWorst(at: 110.16))
        #expect(worst < 0.001)
    }

    @Test("what could not be reported is reported next time")
    func putBack() {
        var meter = LatenessMeter()
        meter.note(.audio, mediaSeconds: 0, at: 10)
        meter.note(.audio, mediaSeconds: 0.5, at: 10.8)
        let worst = meter.takeWorst(at: 10.8) ?? 0
        meter.putBack(worst)
        #expect(worst > 0.29)
        #expect(meter.takeWorst(at: 10.8) == worst)
    }
}
