internal import Platform
internal import Synchronization

/// The right to compose one slot. It ends with `commit`, with `abandon`, when the last reference goes, or with the
/// process; unless it was committed, the slot is then given to the next who asks.
public final class Reservation: Sendable {
    public let number: Int
    public let promptIndex: Int
    /// From 0.
    public let positionInPrompt: Int
    /// Where to write the WAV; on the Buffer's file system, removed if the reservation ends without a commit.
    /// Further files may be put beside it under names that begin with this one's.
    public let stagedFile: String

    /// The slot as its lock file names it.
    let slot: Slot
    private let lock: Mutex<FileLock?>

    init(slot: Slot, promptIndex: Int, stagedFile: String, lock: FileLock) {
        self.slot = slot
        self.stagedFile = stagedFile
        number = slot.number
        self.promptIndex = promptIndex
        positionInPrompt = slot.positionInPrompt
        self.lock = Mutex(lock)
    }

    /// True until it is committed or abandoned.
    public var isOpen: Bool { lock.withLock { $0 != nil } }

    func end() { lock.withLock { $0 = nil } }
}

/// A staging file's name tells its slot, so that what a dead generator left can be told from what a live one writes.
enum StagedName {
    static func make(number: Int, reservation: Int) -> String { "slot_\(number)_r\(reservation).wav" }

    /// The slot's number; nil when the name is not ours.
    static func number(_ name: String) -> Int? {
        let parts = name.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "slot", parts[2].hasPrefix("r") else { return nil }
        return Int(parts[1])
    }
}
