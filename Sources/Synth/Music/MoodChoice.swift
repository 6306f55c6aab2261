/// Which of the ten a request means.
extension Mood {
    /// One of the station's own ten indices keeps its mood unless the text speaks only of others; any other
    /// index goes by the words of its text, and without known words by the index, modulo ten.
    static func chosen(promptIndex: Int, promptText: String) -> Mood {
        let words = Set(promptText.lowercased().split(whereSeparator: { !$0.isLetter }).map(String.init))
        let scores = all.map { mood in mood.words.count(where: words.contains) }
        let count = all.count
        let home = ((promptIndex % count) + count) % count
        let best = scores.max() ?? 0
        if best == 0 { return all[home] }
        if all.indices.contains(promptIndex), scores[home] > 0 { return all[home] }
        if scores[home] == best { return all[home] }
        return all[scores.firstIndex(of: best) ?? home]
    }

    /// A number that depends on the text alone (FNV-1a), so that two prompts of one mood differ.
    static func fingerprint(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 {
            hash ^= UInt64(byte)
            hash = hash &* 0x0000_0100_0000_01B3
        }
        return hash
    }
}
