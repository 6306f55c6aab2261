internal import Glibc
internal import Platform

/// The open slots: one file each, whose `flock` its generator holds. The kernel lets go of it when that process dies,
/// however it dies, so a slot's owner lives exactly as long as the lock does.
struct SlotDirectory: Sendable {
    let path: String

    /// The slots given out and not yet filled, lowest number first.
    func open() throws(BufferError) -> [Slot] {
        let names = try onDisk(path) { () throws(SystemError) in try Files.names(in: path) }
        return names.compactMap(Self.slot).sorted()
    }

    /// Takes the lock of `slot`, making its file if need be; nil while its owner lives.
    func attempt(_ slot: Slot) throws(BufferError) -> FileLock? {
        try onDisk(file(slot)) { () throws(SystemError) in try FileLock.attempt(file(slot)) }
    }

    /// True while a process holds `slot`.
    func isHeld(_ slot: Slot) throws(BufferError) -> Bool {
        let stamp = try onDisk(file(slot)) { () throws(SystemError) in try Files.stamp(file(slot)) }
        guard stamp != nil else { return false }
        return try attempt(slot) == nil
    }

    func remove(_ slot: Slot) throws(BufferError) {
        _ = try onDisk(file(slot)) { () throws(SystemError) in try Files.remove(file(slot)) }
    }

    private func file(_ slot: Slot) -> String {
        "\(path)/slot_\(slot.number)_prompt_\(slot.promptIndex)_position_\(slot.positionInPrompt).lock"
    }

    private static func slot(_ name: String) -> Slot? {
        guard name.hasSuffix(".lock") else { return nil }
        let parts = name.dropLast(5).split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "slot", parts[2] == "prompt", parts[4] == "position",
            let number = Int(parts[1]), let prompt = Int(parts[3]), let position = Int(parts[5])
        else { return nil }
        let slot = Slot(number: number, promptIndex: prompt, positionInPrompt: position)
        return slot.isSound ? slot : nil
    }
}
