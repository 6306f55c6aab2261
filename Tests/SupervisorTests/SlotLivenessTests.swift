import Domain
import Supervisor
import Testing

/// Started, ready, responsive and progressing are separate facts, and only the last two end a life.
struct SlotLivenessTests {
    private let policy = RestartPolicy()

    @Test("started, ready, responsive and progressing are told apart")
    func facts() {
        var story = SlotStory(policy)
        func facts() -> [Bool] {
            [
                story.slot.hasProcess, story.slot.isReady, story.slot.isResponsive(now: story.now),
                story.slot.isProgressing(now: story.now),
            ]
        }
        #expect(facts() == [false, false, false, false])
        story.tell(.begin)
        #expect(facts() == [true, false, false, false])
        story.tell(.heard, at: 1)
        #expect(facts() == [true, false, true, false])
        story.tell(.ready)
        #expect(facts() == [true, true, true, false])
        story.tell(.progressed)
        #expect(facts() == [true, true, true, true])
        story.tell(.heard, at: 1 + policy.stuckSecondsMax)
        #expect(facts() == [true, true, true, false])
        story.now += policy.silentSecondsMax
        #expect(facts() == [true, true, false, false])
        story.tell(.exited(.crash, "signal 9"))
        #expect(facts() == [true, false, false, false])
        story.tell(.groupEmpty)
        #expect(facts() == [false, false, false, false])
    }

    @Test("a worker that says nothing any more is stuck: evidence is kept, then it is killed, and that is a failure")
    func silent() {
        var story = SlotStory.running(policy)
        #expect(story.slot.deadline() == policy.silentSecondsMax)
        #expect(story.tick(at: policy.silentSecondsMax - 0.1) == [])
        #expect(story.tick(at: policy.silentSecondsMax) == [.keepEvidence, .killGroup])
        story.die()
        #expect(story.slot.lastExit?.cause == .watchdog)
        #expect(story.pause == 0.5)
    }

    @Test("a worker that talks and gets nothing done is stuck")
    func still() {
        var story = SlotStory.running(policy)
        for second in 1...29 {
            story.tell(.heard, at: Double(second))
            #expect(story.tick() == [])
        }
        story.tell(.heard, at: policy.stuckSecondsMax)
        #expect(story.tick() == [.keepEvidence, .killGroup])
    }

    @Test("what somebody else finds stuck is killed like what the slot finds stuck")
    func foundStuck() {
        var story = SlotStory.running(policy)
        #expect(story.tell(.stuck("no answer to a ping")) == [.keepEvidence, .killGroup])
        #expect(story.tell(.stuck("no answer to a ping")) == [])
    }

    @Test("a stuck worker that the kernel does not let go is not sound for the time that takes")
    func stuckIsNotSound() {
        var story = SlotStory.running(policy)
        story.die()
        story.startAgain()
        story.tell(.ready)
        story.tick(at: story.now + policy.silentSecondsMax)
        story.die(at: story.now + 100)
        #expect(story.pause == 1)
    }

    @Test("a start that gets on is given time, and none once it does not get on any more")
    func longStart() {
        var story = SlotStory(policy)
        story.tell(.begin)
        let last = policy.startSecondsMax - 1
        story.tell(.progressed, at: last)
        #expect(story.tick(at: last + policy.startSecondsMax - 1) == [])
        #expect(story.tick(at: last + policy.startSecondsMax) == [.keepEvidence, .killGroup])
    }

    @Test("a start may be silent for longer than a worker that runs, and not for ever")
    func neverReady() {
        var story = SlotStory(policy)
        story.tell(.begin)
        #expect(story.tick(at: policy.startSecondsMax - 1) == [])
        #expect(story.tick(at: policy.startSecondsMax) == [.keepEvidence, .killGroup])
    }

    @Test("what a worker did while it started is no measure of how it runs")
    func readyIsNew() {
        var story = SlotStory(policy)
        story.tell(.begin)
        story.tell(.progressed, at: 1)
        story.tell(.ready, at: 100)
        #expect(story.tick(at: 106) == [])
        #expect(story.slot.isProgressing(now: 106) == false)
    }

    @Test("pressure on the machine stretches every limit, and relief brings them back")
    func pressure() {
        var story = SlotStory.running(policy)
        story.slot.pressureFactor = 3
        #expect(story.slot.deadline() == policy.silentSecondsMax * 3)
        #expect(story.tick(at: policy.silentSecondsMax * 2) == [])
        story.slot.pressureFactor = 0.1
        #expect(story.slot.pressureFactor == 1)
        #expect(story.tick() == [.keepEvidence, .killGroup])
    }

    @Test("nobody is blamed for the time in which the machine slept, not even one that is being stopped")
    func woke() {
        var story = SlotStory.running(policy)
        story.tell(.woke, at: 5000)
        #expect(story.tick(at: 5000 + policy.silentSecondsMax - 0.1) == [])
        story.tell(.stop)
        story.tell(.woke, at: 9000)
        #expect(story.tick(at: 9000 + policy.askSecondsMax - 0.1) == [])
        #expect(story.tick(at: 9000 + policy.askSecondsMax) == [.terminate])
    }

    @Test("nobody hears a generator that is held up: it has more patience than those that are on the air")
    func roles() {
        for role in WorkerRole.allCases {
            let fitted = policy.fitted(to: role)
            #expect(fitted.silentSecondsMax == (role == .generator ? 300 : 7))
            #expect(fitted.stuckSecondsMax == (role == .generator ? 300 : 30))
        }
    }
}
