import Domain
import Supervisor
import Testing

/// When a worker that died is started again, by what it died of.
struct SlotRestartTests {
    private static func policy() -> RestartPolicy {
        var policy = RestartPolicy()
        policy.failuresMax = 3
        return policy
    }

    @Test("the pauses between restarts double up to their limit, and one stable life starts them again")
    func backOff() {
        var policy = RestartPolicy()
        policy.failuresMax = 100
        var story = SlotStory.running(policy)
        var pauses: [Double] = []
        for _ in 0..<9 {
            story.die()
            pauses.append(story.pause ?? -1)
            story.startAgain()
            story.tell(.ready)
        }
        #expect(pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30])
        story.die(at: story.now + policy.stableSeconds)
        #expect(story.pause == 0.5)
    }

    @Test("a pause is drawn between half and all of its ceiling")
    func jitter() {
        for jitter in [0, 0.25, 1] {
            var story = SlotStory.running()
            story.jitter = jitter
            story.die()
            #expect(story.pause == 0.25 + 0.25 * jitter)
        }
    }

    @Test("nothing is started before its pause is over, nor while restarts are paused for all")
    func noEarlyStart() {
        var story = SlotStory.running()
        story.die(at: 5)
        #expect(story.tick(at: 5.49) == [])
        #expect(story.tell(.tick(mayStart: false), at: 5.5) == [])
        #expect(story.slot.isDueToStart(now: 5.5))
        #expect(story.slot.deadline() == 5.5)
        #expect(story.slot.deadline(mayStart: false) == nil)
        #expect(story.tick(at: 7) == [.spawn(generation: 2)])
    }

    @Test("a worker that dies twice a minute for an hour is back within half a second each time")
    func diesForAnHour() {
        var story = SlotStory.running()
        for _ in 0..<120 {
            story.work(30)
            story.die()
            #expect(story.pause.map { $0 <= 0.5 } == true)
            story.startAgain()
            story.tell(.ready)
        }
        #expect(story.slot.restarts == 120)
    }

    @Test("a worker that fails too often is quarantined, tried at growing intervals, and taken back when it stays up")
    func quarantine() {
        let policy = Self.policy()
        var story = SlotStory.running(policy)
        story.fail(3)
        #expect(story.slot.phase.word == "backing-off")
        story.fail(1)
        #expect(story.slot.phase == .quarantined(until: story.now + policy.probeSeconds))
        var intervals: [Double] = []
        for _ in 0..<4 {
            #expect(story.tick(at: (story.slot.startDeadline ?? 0) - 0.1) == [])
            #expect(story.startAgain().count == 1)
            story.tell(.ready)
            story.die(at: story.now + 9)
            intervals.append(story.pause ?? -1)
        }
        #expect(intervals == [120, 240, 300, 300])
        story.startAgain()
        story.tell(.ready)
        story.work(policy.stableSeconds)
        #expect(story.memory.isUnspent(policy))
        story.die()
        #expect(story.pause == 0.5)
    }

    @Test("a long quarantine does not earn a worker a quick restart: the first life after it is one try")
    func halfOpen() {
        let policy = Self.policy()
        var story = SlotStory.running(policy)
        story.fail(4)
        // By then time has filled the budget up again.
        story.tick(at: 10_000)
        #expect(story.memory.livesLeft == 3)
        story.tell(.ready)
        story.die()
        #expect(story.slot.phase.word == "quarantined")
    }

    @Test("starts that fail and lives that end have budgets of their own")
    func twoBudgets() {
        var story = SlotStory.running(Self.policy())
        story.fail(3)
        story.fail(3, afterReady: false)
        #expect(story.slot.phase.word == "backing-off")
        #expect(story.memory.livesLeft < 1 && story.memory.startsLeft < 1)
        story.fail(1, afterReady: false)
        #expect(story.slot.phase.word == "quarantined")
    }

    @Test("a budget comes back evenly with time")
    func budgetRefills() {
        let policy = Self.policy()
        var story = SlotStory.running(policy)
        story.fail(1)
        #expect(story.memory.livesLeft == 2)
        #expect(story.slot.memory(now: story.now + policy.failureWindowSeconds / 6).livesLeft == 2.5)
        #expect(story.slot.memory(now: story.now + policy.failureWindowSeconds).livesLeft == 3)
    }

    @Test(
        "an operator's start or restart forgets the failures, says so, and starts at once",
        arguments: [
            Slot.Event.start, .restart,
        ])
    func operatorForgives(order: Slot.Event) {
        let policy = Self.policy()
        var story = SlotStory.running(policy)
        story.fail(4)
        let actions = story.slot.handle(order, now: story.now, jitter: 1)
        #expect(actions == [.note(.operation, "4 failures are forgotten"), .spawn(generation: 5)])
        #expect(story.memory.isUnspent(policy))
        story.tell(.ready)
        story.die()
        #expect(story.pause == 0.5)
    }

    @Test("the station's own start keeps what is remembered")
    func beginKeeps() {
        let policy = Self.policy()
        var story = SlotStory.running(policy)
        story.fail(4)
        #expect(story.tell(.begin) == [])
        #expect(story.memory.livesLeft < 1)
    }

    @Test(
        "a wrong configuration is not tried again until something is mended",
        arguments: [
            Slot.Event.conditionsMended, .restart, .start,
        ])
    func configuration(remedy: Slot.Event) {
        var story = SlotStory.running()
        story.die(.configuration, at: 1)
        #expect(story.slot.phase == .held(.configuration))
        #expect(story.slot.deadline() == nil)
        #expect(story.tick(at: 1e9) == [])
        let actions = story.tell(remedy) + story.tick()
        #expect(actions == [.spawn(generation: 2)])
    }

    @Test("a configuration that was mended while the worker still read the old one is tried again")
    func mendedMeanwhile() {
        var story = SlotStory()
        story.tell(.begin)
        story.tell(.conditionsMended)
        story.die(.configuration, at: 1)
        #expect(story.startAgain() == [.spawn(generation: 2)])
        story.die(.configuration)
        #expect(story.slot.phase == .held(.configuration))
    }

    @Test("a missing executable is held, looked for every few seconds, told once and not counted")
    func missingBinary() {
        let policy = RestartPolicy()
        var story = SlotStory(policy)
        story.tell(.begin)
        var notes = 0
        for turn in 0..<100 {
            let actions = story.slot.handle(.spawnFailed(.missingBinary, "no such file"), now: story.now, jitter: 1)
            notes += actions.count
            #expect(story.slot.phase == .held(.missingBinary))
            #expect(story.pause == policy.missingBinaryProbeSeconds)
            #expect(story.startAgain() == [.spawn(generation: turn + 2)])
        }
        #expect(notes == 2)
        #expect(story.memory.isUnspent(policy))
    }

    @Test("a full disk is waited for, told once, not counted, and tried at once when there is room")
    func diskFull() {
        let policy = RestartPolicy()
        var story = SlotStory(policy)
        story.tell(.begin)
        for _ in 0..<100 {
            story.die(.diskFull)
            #expect(story.slot.phase == .backingOff(until: story.now + policy.diskFullSeconds))
            story.startAgain()
        }
        #expect(story.memory.isUnspent(policy))
        story.die(.diskFull)
        story.tell(.conditionsMended)
        #expect(story.tick() == [.spawn(generation: 102)])
    }

    @Test("what was mended is no reason to cut the pause after a crash short")
    func mendedIsNotForCrashes() {
        var story = SlotStory.running()
        story.die()
        story.tell(.conditionsMended)
        #expect(story.pause == 0.5)
    }

    @Test("a worker that asks to be tried again is, soon, at a pause that does not grow, and is counted")
    func tryAgain() {
        let policy = Self.policy()
        var story = SlotStory.running(policy)
        for _ in 0..<3 {
            story.die(.tryAgain)
            #expect(story.pause == policy.tryAgainSeconds)
            story.startAgain()
            story.tell(.ready)
        }
        story.die(.tryAgain)
        #expect(story.slot.phase.word == "quarantined")
    }

    @Test("after a want of memory the pauses begin longer")
    func outOfMemory() {
        let policy = RestartPolicy()
        var story = SlotStory.running(policy)
        story.die(.outOfMemory)
        #expect(story.pause == policy.memoryPauseSecondsFirst)
        story.fail(1, .outOfMemory)
        #expect(story.pause == policy.memoryPauseSecondsFirst * 2)
    }

    @Test("a worker that ends well without being asked to is a failure all the same")
    func unaskedEnd() {
        var story = SlotStory.running()
        story.die(.stopped)
        #expect(story.slot.lastExit?.cause == .crash)
        #expect(story.pause == 0.5)
    }

    @Test("the next life waits until nothing of the last one lives")
    func groupFirst() {
        var story = SlotStory.running()
        #expect(story.tell(.groupEmpty) == [])
        #expect(story.tell(.exited(.crash, "signal 9"), at: 1) == [.killGroup])
        #expect(story.slot.phase.word == "emptying")
        #expect(story.tick(at: 3.9) == [])
        #expect(story.slot.hasProcess && !story.slot.isReady)
        story.tell(.groupEmpty)
        // The pause has run since the leader's end.
        #expect(story.slot.phase == .backingOff(until: 1.5))
        #expect(story.tick() == [.spawn(generation: 2)])
    }
}
