/// The name of a track's file: `chunk_001_prompt_0_60s.wav`.
struct ChunkName: Hashable, Comparable {
    let number: Int
    let promptIndex: Int
    let wholeSeconds: Int

    /// A number, a prompt or a length above this is not ours; it also keeps sums far from overflow.
    static let largest = 999_999_999

    init(number: Int, promptIndex: Int, wholeSeconds: Int) {
        self.number = number
        self.promptIndex = promptIndex
        self.wholeSeconds = wholeSeconds
    }

    /// Nil unless `file` is exactly a name this type gives.
    init?(file: String) {
        guard file.hasSuffix("s.wav") else { return nil }
        let parts = file.dropLast(5).split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0] == "chunk", parts[2] == "prompt", let number = Int(parts[1]),
            let prompt = Int(parts[3]), let seconds = Int(parts[4]), (1...Self.largest).contains(number),
            (0...Self.largest).contains(prompt), (0...Self.largest).contains(seconds)
        else { return nil }
        self.init(number: number, promptIndex: prompt, wholeSeconds: seconds)
        guard self.file == file else { return nil }
    }

    var file: String { "chunk_\(Self.padded(number))_prompt_\(promptIndex)_\(wholeSeconds)s.wav" }

    /// `number` in at least three digits.
    static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    static func < (one: Self, other: Self) -> Bool { (one.number, one.file) < (other.number, other.file) }
}
