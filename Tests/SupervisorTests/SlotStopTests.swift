import Supervisor
import Testing

/// How a worker is taken down, frozen, and taken over from a previous life of the supervisor.
struct SlotStopTests {
    private let policy = RestartPolicy()
    private var killAt: Double { policy.askSecondsMax + policy.terminateSecondsMax }

    @Test("a stop climbs its ladder: asked, terminated, killed, unkillable")
    func ladder() {
        var story = SlotStory.running()
        #expect(story.tell(.stop) == [.ask])
        #expect(story.tick(at: policy.askSecondsMax - 0.1) == [])
        #expect(story.tick(at: policy.askSecondsMax) == [.terminate])
        #expect(story.tick(at: killAt - 0.1) == [])
        #expect(story.tick(at: killAt) == [.killGroup])
        #expect(story.tick(at: killAt + policy.killSecondsMax) == [.killGroup])
        #expect(story.slot.phase.word == "unkillable")
        let again = killAt + policy.killSecondsMax + policy.unkillableRetrySeconds
        #expect(story.tick(at: again - 0.1) == [])
        #expect(story.tick(at: again) == [.killGroup])
        #expect(story.die() == [.killGroup])
        #expect(story.slot.phase == .stopped)
        #expect(story.slot.lastExit?.cause == .stopped)
    }

    @Test("an unkillable process is never joined by a second one, whoever asks for it")
    func unkillable() {
        var story = SlotStory.running()
        story.tell(.stopNow)
        story.tick(at: policy.killSecondsMax)
        for order in [Slot.Event.start, .restart, .conditionsMended, .begin] { #expect(story.tell(order) == []) }
        #expect(story.slot.phase.word == "unkillable")
        #expect(story.slot.waiting(now: story.now) != nil)
        #expect(story.die(at: 500) == [.killGroup, .spawn(generation: 2)])
    }

    @Test("members of a group that outlive its leader are killed again and again, and nothing starts meanwhile")
    func members() {
        var story = SlotStory.running()
        story.tell(.exited(.crash, "signal 9"))
        #expect(story.tick(at: policy.killSecondsMax) == [.killGroup])
        #expect(story.slot.phase.word == "unkillable")
        #expect(story.tick(at: 100) == [.killGroup])
        #expect(story.tell(.groupEmpty) == [])
        #expect(story.tick() == [.spawn(generation: 2)])
    }

    @Test("a stop interrupts a start, a pause between restarts, a quarantine and a hold")
    func stopInterrupts() {
        var starting = SlotStory()
        starting.tell(.begin)
        #expect(starting.tell(.stop) == [.ask])
        var waiting = SlotStory.running()
        waiting.die()
        #expect(waiting.slot.phase.word == "backing-off")
        var quarantined = SlotStory.running()
        quarantined.failUntilQuarantined()
        #expect(quarantined.slot.phase.word == "quarantined")
        var held = SlotStory.running()
        held.die(.configuration)
        for var story in [waiting, quarantined, held] {
            #expect(story.tell(.stop) == [])
            #expect(story.slot.phase == .stopped)
            #expect(story.tick(at: 1e6) == [])
        }
    }

    @Test("a second stop changes nothing, an urgent one kills at once")
    func urgency() {
        var story = SlotStory.running()
        story.tell(.stop)
        #expect(story.tell(.stop, at: 5) == [])
        #expect(story.slot.phase == .stopping(.asked, deadline: policy.askSecondsMax))
        #expect(story.tell(.stopNow) == [.killGroup])
        #expect(story.tell(.stopNow, at: 6) == [.killGroup])
        // However often it is said, the bound stands.
        #expect(story.slot.phase == .stopping(.killed, deadline: 5 + policy.killSecondsMax))
        story.die()
        #expect(story.slot.phase == .stopped)
    }

    @Test("a restart during a stop becomes a start after it")
    func restartDuringStop() {
        for order in [Slot.Event.restart, .start, .begin] {
            var story = SlotStory.running()
            story.tell(order == .begin ? .end : .stop)
            #expect(story.tell(order) == [])
            #expect(story.die() == [.killGroup, .spawn(generation: 2)])
        }
    }

    @Test("a stop during a restart cancels the start")
    func stopDuringRestart() {
        var story = SlotStory.running()
        #expect(story.tell(.restart) == [.ask])
        story.tell(.stop)
        #expect(story.die() == [.killGroup])
        #expect(story.slot.phase == .stopped)
    }

    @Test("a stop between the leader's end and that of its group is a stop")
    func stopWhileEmptying() {
        var story = SlotStory.running()
        story.tell(.exited(.crash, "signal 9"))
        story.tell(.stop)
        #expect(story.tell(.groupEmpty) == [])
        #expect(story.slot.phase == .stopped)
        #expect(story.slot.lastExit?.cause == .crash)
    }

    @Test("a restart counts no failure, even when the old life had to be killed for standing still")
    func restartIsNoFailure() {
        var story = SlotStory.running()
        story.tell(.stuck("no answer"))
        story.tell(.restart)
        #expect(story.die() == [.killGroup, .spawn(generation: 2)])
        #expect(story.memory.isUnspent(policy))
        #expect(story.slot.lastExit?.cause == .watchdog)
    }

    @Test("a paused worker is frozen, blamed for nothing, and goes on where it was")
    func pauseAndResume() {
        var story = SlotStory.running()
        #expect(story.tell(.pause, at: 3) == [.freeze])
        #expect(story.slot.phase == .paused(since: 3))
        #expect(story.slot.deadline() == nil)
        #expect(story.tick(at: 5000) == [])
        #expect(story.tell(.resume) == [.thaw])
        #expect(story.slot.phase == .running(since: 0))
        #expect(story.tick(at: 5000 + policy.silentSecondsMax - 0.1) == [])
        var starting = SlotStory()
        starting.tell(.begin)
        starting.tell(.pause)
        starting.tell(.resume)
        #expect(starting.slot.phase == .starting(since: 0))
    }

    @Test("a paused worker is thawed before it is asked to stop")
    func stopPaused() {
        for order in [Slot.Event.stop, .restart, .end] {
            var story = SlotStory.running()
            story.tell(.pause)
            #expect(story.tell(order) == [.thaw, .ask])
        }
        var urgent = SlotStory.running()
        urgent.tell(.pause)
        #expect(urgent.tell(.stopNow) == [.killGroup])
    }

    @Test("a paused worker that dies is started again, and is not paused any more")
    func diesPaused() {
        var story = SlotStory.running()
        story.tell(.pause)
        story.die(at: 100)
        #expect(story.pause == 0.5)
        #expect(story.startAgain() == [.spawn(generation: 2)])
        #expect(story.slot.phase.word == "starting")
    }

    @Test("frozen time does not make a worker sound")
    func frozenIsNotSound() {
        var story = SlotStory.running()
        story.die()
        story.startAgain()
        story.tell(.ready)
        story.tell(.pause)
        story.die(at: 1000)
        #expect(story.pause == 1)
    }

    @Test("what cannot be done is said")
    func refusals() {
        var slot = Slot(policy: policy)
        for event in [Slot.Event.pause, .resume] {
            let actions = slot.handle(event, now: 0, jitter: 0)
            guard case .note(.operation, _)? = actions.first else { return #expect(Bool(false), "\(actions)") }
        }
    }
}
