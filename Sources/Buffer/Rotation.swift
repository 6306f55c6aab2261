/// A place in the station's order: a number that only grows, and what to compose there.
struct Slot: Sendable, Hashable, Codable, Comparable {
    let number: Int
    let promptIndex: Int
    let positionInPrompt: Int

    static func < (one: Slot, other: Slot) -> Bool { one.number < other.number }

    var isSound: Bool {
        (1...ChunkName.largest).contains(number) && (0...ChunkName.largest).contains(promptIndex)
            && (0...ChunkName.largest).contains(positionInPrompt)
    }
}

extension BufferRules {
    /// The slot after `last`: the same prompt until it had its tracks, then the next, and round again.
    ///
    /// Only `last` is looked at, so a changed configuration takes hold at once: a run that is already as long as the
    /// new figure ends here, and a prompt that is gone gives way to the first.
    func slot(after last: Slot?) -> Slot {
        guard let last else { return Slot(number: 1, promptIndex: 0, positionInPrompt: 0) }
        let number = last.number + 1
        guard last.promptIndex < promptCount else { return Slot(number: number, promptIndex: 0, positionInPrompt: 0) }
        if last.positionInPrompt + 1 < chunksPerPrompt {
            return Slot(number: number, promptIndex: last.promptIndex, positionInPrompt: last.positionInPrompt + 1)
        }
        return Slot(number: number, promptIndex: (last.promptIndex + 1) % promptCount, positionInPrompt: 0)
    }
}
