import Domain
import Supervisor
import TestSupport
import Testing

/// Several workers that die together pause restarts and send one canary.
struct EpidemicTests {
    private let encoder = WorkerName(.encoder)
    private let feeder = WorkerName(.feeder)
    private let dashboard = WorkerName(.dashboard)
    private let generator = WorkerName(.generator)
    private let second = WorkerName(.generator, index: 2)
    private let policy = Epidemic.Policy()
    private var all: [WorkerName] { [second, generator, dashboard, feeder, encoder] }

    private func outbreak(at now: Double = 100) -> Epidemic {
        var epidemic = Epidemic(policy: policy)
        for worker in all { epidemic.died(worker, now: now) }
        return epidemic
    }

    @Test("one or two workers that die hold nobody back")
    func lone() {
        var epidemic = Epidemic(policy: policy)
        epidemic.died(encoder, now: 100)
        #expect(epidemic.admit([encoder], now: 100) == [encoder])
        epidemic.died(feeder, now: 100.1)
        // The same one over and over is its own trouble.
        for turn in 0..<10 { epidemic.died(feeder, now: 100.1 + Double(turn) / 10) }
        #expect(epidemic.admit([encoder, feeder], now: 101.5) == [encoder, feeder])
        #expect(epidemic.words == nil && epidemic.deadline == nil)
    }

    @Test("deaths that are further apart than the window are no epidemic")
    func apart() {
        var epidemic = Epidemic(policy: policy)
        for (turn, worker) in all.enumerated() { epidemic.died(worker, now: 100 + Double(turn) * 1.6) }
        #expect(epidemic.admit(all, now: 107).count == all.count)
    }

    @Test("a mass death pauses everybody, for a second at first")
    func pause() {
        var epidemic = outbreak()
        #expect(epidemic.deadline == 100 + policy.pauseSecondsFirst)
        #expect(epidemic.admit(all, now: 100.9) == [])
        #expect(epidemic.words?.contains("encoder, feeder, dashboard, generator") == true)
    }

    @Test("the most important of those that are due is tried alone, then the others follow one by one")
    func canary() {
        var epidemic = outbreak()
        #expect(epidemic.admit(all, now: 101) == [encoder])
        let others = all.filter { $0 != encoder }
        #expect(epidemic.admit(others, now: 105) == [])
        epidemic.ready(encoder, now: 105)
        #expect(epidemic.deadline == 105 + policy.canarySeconds)
        #expect(epidemic.admit(others, now: 105.9) == [])
        #expect(epidemic.admit(others, now: 106) == [feeder])
        #expect(epidemic.deadline == 106 + policy.staggerSeconds)
        #expect(epidemic.admit([second, generator, dashboard], now: 106.2) == [])
        #expect(epidemic.admit([second, generator, dashboard], now: 106.3) == [dashboard])
        #expect(epidemic.admit([second, generator], now: 106.6) == [generator])
        #expect(epidemic.admit([second], now: 106.9) == [second])
        #expect(epidemic.admit([], now: 106 + policy.windowSeconds) == [])
        #expect(epidemic.words == nil)
    }

    @Test("somebody who is not the canary being ready proves nothing")
    func otherReady() {
        var epidemic = outbreak()
        _ = epidemic.admit(all, now: 101)
        epidemic.ready(feeder, now: 102)
        #expect(epidemic.admit([feeder], now: 104) == [])
    }

    @Test("each canary that dies doubles the pause, up to its bound")
    func canaryDies() {
        var epidemic = outbreak()
        var pauses: [Double] = []
        for _ in 0..<7 {
            let now = epidemic.deadline ?? 0
            #expect(epidemic.admit(all, now: now) == [encoder])
            epidemic.ready(encoder, now: now + 0.1)
            epidemic.died(encoder, now: now + 0.5)
            pauses.append((epidemic.deadline ?? 0) - now - 0.5)
        }
        #expect(pauses == [2, 4, 8, 16, 30, 30, 30])
    }

    @Test("a second epidemic right after the first begins with a longer pause, one much later with the first")
    func again() {
        var epidemic = outbreak()
        _ = epidemic.admit(all, now: 101)
        epidemic.ready(encoder, now: 101)
        _ = epidemic.admit(all, now: 102)
        for worker in all { epidemic.died(worker, now: 103) }
        #expect(epidemic.deadline == 103 + policy.pauseSecondsFirst * 2)
        _ = epidemic.admit([encoder], now: 105)
        epidemic.ready(encoder, now: 105)
        for now in [106.0, 110] { _ = epidemic.admit([], now: now) }
        for worker in all { epidemic.died(worker, now: 103 + policy.calmSeconds) }
        #expect(epidemic.deadline == 103 + policy.calmSeconds + policy.pauseSecondsFirst)
    }

    @Test("a canary that does not get ready is not waited for for ever")
    func slowCanary() {
        var epidemic = outbreak()
        _ = epidemic.admit(all, now: 101)
        #expect(epidemic.deadline == 101 + policy.canarySecondsMax)
        #expect(epidemic.admit([feeder, generator], now: 101 + policy.canarySecondsMax) == [feeder])
    }

    @Test("whoever is due first after the pause goes first, when the more important ones are not due")
    func whoIsDue() {
        var epidemic = outbreak()
        #expect(epidemic.admit([], now: 102) == [])
        #expect(epidemic.admit([generator], now: 103) == [generator])
    }

    @Test("an epidemic that nobody is due after is over some day")
    func over() {
        var epidemic = outbreak()
        _ = epidemic.admit([], now: 102)
        _ = epidemic.admit([], now: 102 + policy.calmSeconds)
        #expect(epidemic.words == nil)
    }

    @Test(
        "whatever dies when, nobody who is due waits for ever, and never two start during a pause", arguments: 0..<50)
    func randomDeaths(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var epidemic = Epidemic(policy: policy)
        var (now, waitsSince) = (0.0, [WorkerName: Double]())
        var readyAt: [WorkerName: Double] = [:]
        for _ in 0..<500 {
            now += random.unit() * 0.5
            for worker in all where waitsSince[worker] == nil && random.unit() < 0.1 {
                readyAt[worker] = nil
                waitsSince[worker] = now
                epidemic.died(worker, now: now)
            }
            settle(&epidemic, &waitsSince, &readyAt, now, &random)
        }
        // Nobody dies any more.
        for _ in 0..<400 where !waitsSince.isEmpty {
            now += 0.25
            settle(&epidemic, &waitsSince, &readyAt, now, &random)
        }
        #expect(waitsSince.isEmpty)
    }

    private func settle(
        _ epidemic: inout Epidemic, _ waitsSince: inout [WorkerName: Double], _ readyAt: inout [WorkerName: Double],
        _ now: Double, _ random: inout SplitMix64
    ) {
        for (worker, time) in readyAt where now >= time {
            readyAt[worker] = nil
            epidemic.ready(worker, now: now)
        }
        let due = Array(waitsSince.keys)
        let isHeld = epidemic.words != nil
        let admitted = epidemic.admit(due, now: now)
        if !admitted.isSubset(of: due) { Issue.record("\(admitted) started, \(due) were due") }
        if isHeld, epidemic.words != nil, admitted.count > 1 { Issue.record("\(admitted) started together") }
        if admitted.isEmpty, !due.isEmpty, epidemic.deadline.map({ $0 > now }) != true {
            Issue.record("\(due) wait at \(now) for \(epidemic.deadline ?? -1)")
        }
        for worker in admitted {
            waitsSince[worker] = nil
            readyAt[worker] = now + random.unit()
        }
    }
}
