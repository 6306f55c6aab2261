import FoundationEssentials
import Supervisor
import Testing

/// What a slot keeps over a restart of the supervisor, and how it goes on from there.
struct SlotMemoryTests {
    private let policy = RestartPolicy()

    /// What the next supervisor reads, by a clock of its own.
    private func reborn(_ story: SlotStory, at now: Double = 7) throws -> SlotStory {
        let written = try JSONEncoder().encode(story.memory)
        let read = try JSONDecoder().decode(Slot.Memory.self, from: written)
        #expect(read == story.memory)
        var next = SlotStory(policy)
        next.now = now
        next.slot = Slot(policy: policy, memory: read, now: now)
        return next
    }

    @Test("the budget, the failures in a row, the last exit and the generation come through")
    func roundTrip() throws {
        var story = SlotStory.running(policy)
        story.fail(3)
        story.fail(2, afterReady: false)
        var next = try reborn(story)
        let (before, after) = (story.memory, next.memory)
        #expect(after.livesLeft == before.livesLeft && after.livesLeft < 6)
        #expect(after.startsLeft == before.startsLeft && after.startsLeft < 8)
        #expect(after.failuresInARow == 5)
        #expect(next.slot.lastExit == story.slot.lastExit)
        #expect(next.tell(.begin) == [])
        #expect(next.startAgain() == [.spawn(generation: 6)])
        #expect(next.slot.restarts == 5)
        next.die()
        #expect(next.pause == 16)
    }

    @Test("a pause goes on where it was")
    func pauseGoesOn() throws {
        var story = SlotStory.running(policy)
        story.fail(4)
        #expect(story.pause == 4)
        story.now += 1
        var next = try reborn(story)
        next.tell(.begin)
        #expect(next.slot.phase == .backingOff(until: 10))
        #expect(next.tick(at: 9.9) == [])
        #expect(next.tick(at: 10).count == 1)
    }

    @Test("a quarantine goes on, and the try after it is still only a try")
    func quarantineGoesOn() throws {
        var story = SlotStory.running(policy)
        story.failUntilQuarantined()
        var next = try reborn(story)
        next.tell(.begin)
        #expect(next.slot.phase == .quarantined(until: 7 + policy.probeSeconds))
        next.startAgain()
        next.tell(.ready)
        next.die()
        #expect(next.pause == policy.probeSeconds * 2)
    }

    @Test("a life that ended and whose group had not gone yet is counted, and its pause kept")
    func endedLifeIsCounted() throws {
        var story = SlotStory.running(policy)
        story.tell(.exited(.outOfMemory, "signal 9"))
        let memory = try reborn(story).memory
        #expect(memory.failuresInARow == 1)
        #expect(story.memory.pauseSecondsLeft == 4)
    }

    @Test("an operator's stop holds, the station's own end does not")
    func stopIsRemembered() throws {
        var stopped = SlotStory.running(policy)
        stopped.tell(.stop)
        stopped.die()
        var next = try reborn(stopped)
        #expect(next.tell(.begin) == [])
        #expect(next.slot.phase == .stopped)
        #expect(next.tell(.start) == [.spawn(generation: 2)])
        var ended = SlotStory.running(policy)
        ended.tell(.end)
        ended.die()
        var again = try reborn(ended)
        #expect(again.tell(.begin) == [.spawn(generation: 2)])
    }

    @Test("a live process is adopted: it runs, is ready, and is watched from now on")
    func adopted() throws {
        var next = try reborn(SlotStory.running(policy))
        #expect(next.tell(.adopt(generation: 1)) == [.thaw])
        #expect(next.tell(.begin) == [])
        #expect(next.slot.phase == .running(since: 7))
        #expect(next.slot.isReady && next.slot.generation == 1)
        #expect(next.tick(at: 7 + policy.silentSecondsMax) == [.keepEvidence, .killGroup])
        next.die()
        #expect(next.startAgain() == [.spawn(generation: 2)])
    }

    @Test("a process is adopted even when everything else was forgotten")
    func adoptedWithoutMemory() {
        var story = SlotStory(policy)
        story.tell(.adopt(generation: 41))
        story.tell(.begin)
        story.die()
        #expect(story.startAgain() == [.spawn(generation: 42)])
    }

    @Test("an adopted process that an operator had stopped is stopped")
    func adoptedAndStopped() throws {
        var story = SlotStory.running(policy)
        story.tell(.stop)
        var next = try reborn(story)
        #expect(next.tell(.adopt(generation: 1)) == [.thaw, .ask])
        next.tell(.begin)
        next.die()
        #expect(next.slot.phase == .stopped)
    }

    @Test(
        "what cannot be adopted is killed, and nothing starts before it has gone",
        arguments: [
            Slot.Event.leftover(generation: 3), .adopt(generation: 0),
        ])
    func leftover(event: Slot.Event) throws {
        var next = try reborn(SlotStory.running(policy))
        #expect(next.tell(event) == [.killGroup])
        #expect(next.tell(.begin) == [])
        #expect(next.slot.phase.word == "emptying")
        #expect(next.tick(at: 7 + policy.killSecondsMax) == [.killGroup])
        next.tell(.groupEmpty)
        #expect(next.tick() == [.spawn(generation: event == .adopt(generation: 0) ? 2 : 4)])
    }

    @Test("a process that the slot started itself is not killed for being found")
    func notFoundTwice() {
        var story = SlotStory.running(policy)
        #expect(story.tell(.leftover(generation: 1)) == [])
        #expect(story.tell(.adopt(generation: 1)) == [])
        #expect(story.slot.isReady)
    }

    @Test("what another policy or a damaged file says does not put a worker to sleep for ever")
    func boundedMemory() {
        var memory = SlotStory.running(policy).memory
        memory.pauseSecondsLeft = 1e12
        memory.generation = -5
        var story = SlotStory(policy)
        story.slot = Slot(policy: policy, memory: memory, now: 0)
        story.tell(.begin)
        #expect(story.pause == policy.probeSecondsMax)
        #expect(story.startAgain() == [.spawn(generation: 1)])
    }
}
