/// What a track sounds like, in about eight 32-bit words a second (chromaprint's raw form).
public struct Fingerprint: Sendable, Hashable, Codable {
    public let words: [UInt32]

    public init(words: [UInt32]) { self.words = words }

    /// - Parameter raw: words of four bytes, little-endian, as ffmpeg's chromaprint muxer writes them.
    init(raw: [UInt8]) {
        words = stride(from: 0, to: raw.count - raw.count % 4, by: 4).map { place in
            (0..<4).reduce(0) { $0 | UInt32(raw[place + $1]) << UInt32(8 * $1) }
        }
    }

    /// The share of bits in which the two differ where they fit best: 0 for the same sound, about 0.5 for unrelated
    /// ones. Nil when there is too little of either to tell.
    func bitErrorRate(to other: Fingerprint) -> Double? {
        // Up to two and a half seconds apart; at least half of the shorter one must overlap.
        let slide = 20
        let least = max(min(words.count, other.words.count) / 2, 16)
        var best: Double?
        for offset in -slide...slide {
            let from = max(0, offset)
            let to = min(words.count, other.words.count + offset)
            guard to - from >= least else { continue }
            var different = 0
            for place in from..<to { different += (words[place] ^ other.words[place - offset]).nonzeroBitCount }
            let rate = Double(different) / Double(32 * (to - from))
            best = min(best ?? rate, rate)
        }
        return best
    }
}

/// The fingerprints of the last tracks, oldest first; the caller keeps them and hands them to every Admission.
public struct RecentFingerprints: Sendable, Hashable, Codable {
    public struct Entry: Sendable, Hashable, Codable {
        /// What a refusal names: `chunk 17`.
        public var label: String
        public var fingerprint: Fingerprint

        public init(label: String, fingerprint: Fingerprint) {
            self.label = label
            self.fingerprint = fingerprint
        }
    }

    public let capacity: Int
    public private(set) var entries: [Entry] = []

    /// - Parameter capacity: tracks remembered; a further one drops the oldest.
    public init(capacity: Int = 60) { self.capacity = max(0, capacity) }

    /// Remembers an admitted track; nil (a build without chromaprint) changes nothing.
    public mutating func add(_ fingerprint: Fingerprint?, label: String) {
        guard let fingerprint else { return }
        entries.append(Entry(label: label, fingerprint: fingerprint))
        if entries.count > capacity { entries.removeFirst(entries.count - capacity) }
    }

    /// The remembered track most like `fingerprint`.
    func closest(to fingerprint: Fingerprint) -> (label: String, bitErrorRate: Double)? {
        entries.compactMap { entry in
            entry.fingerprint.bitErrorRate(to: fingerprint).map { (entry.label, $0) }
        }.min { $0.1 < $1.1 }
    }
}
