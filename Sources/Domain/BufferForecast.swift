/// How long the Buffer will last, as measured speeds say. One noun for everybody who tells it: status, dashboard,
/// events, metrics and alerts.
public struct BufferForecast: Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Nothing has been measured yet.
        case unknown
        /// It stays about where it is for as long as anybody can tell.
        case steady
        /// It grows; `hours` is when it is at its target.
        case fills
        /// It shrinks; `hours` is when nothing is left of it.
        case empties
        /// It is empty, and nothing configured composes as fast as it plays.
        case neverAhead = "never-ahead"
    }

    /// How well the speeds are known that the forecast stands on.
    public enum Confidence: String, Sendable, Codable, CaseIterable {
        case none, low, fair, good
    }

    public var kind: Kind
    /// "empty in 41 h", "at target in 3 h", "steady", ...
    public var sentence: String
    /// Until the target is reached, or until nothing is left; nil where neither will be.
    public var hours: Double?
    /// Hours of music won for each hour that passes now; under 0 the Buffer shrinks. Nil while unknown.
    public var rate: Double?
    public var confidence: Confidence
    /// What would help, or what will be done about it, if anything.
    public var advice: String?

    public init(
        kind: Kind, sentence: String, hours: Double? = nil, rate: Double? = nil, confidence: Confidence,
        advice: String? = nil
    ) {
        self.kind = kind
        self.sentence = sentence
        self.hours = hours
        self.rate = rate
        self.confidence = confidence
        self.advice = advice
    }

    /// Hours until nothing is left: 0 for an empty Buffer that nothing fills, nil where it does not run out.
    public var hoursToEmpty: Double? {
        switch kind {
        case .empties: hours
        case .neverAhead: 0
        case .unknown, .steady, .fills: nil
        }
    }

    /// The sentence with what would help.
    public var words: String { advice.map { "\(sentence); \($0)" } ?? sentence }
}
