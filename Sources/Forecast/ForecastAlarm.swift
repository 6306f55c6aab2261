public import Domain

/// Turns a forecast that wavers into few words: one warning when the Buffer will be empty within a day, one when that
/// is over.
public struct ForecastAlarm: Sendable, Equatable {
    public enum Change: Sendable, Equatable {
        case warning(String)
        case recovered(String)

        public var words: String {
            switch self {
            case .warning(let words), .recovered(let words): words
            }
        }
    }

    /// Under this the station warns.
    public var warnHours = 24.0
    /// Over this, or with no end in sight, it has recovered.
    public var recoverHours = 30.0
    /// Either must last so long before it is said: a generator that is started again is no alarm.
    public var lastingSeconds = 60.0

    /// A warning was said and is not over.
    public private(set) var isWarning = false
    /// Since when the forecast has spoken for a change.
    private var since: Double?

    public init() {}

    /// - Parameter now: monotonic seconds.
    public mutating func note(_ forecast: BufferForecast, now: Double) -> Change? {
        guard forecast.kind != .unknown, speaksForChange(forecast.hoursToEmpty) else {
            since = nil
            return nil
        }
        let began = since ?? now
        since = began
        guard now - began >= lastingSeconds else { return nil }
        since = nil
        isWarning.toggle()
        return isWarning
            ? .warning("the buffer: \(forecast.words)") : .recovered("the buffer lasts again: \(forecast.words)")
    }

    private func speaksForChange(_ hoursToEmpty: Double?) -> Bool {
        let hours = hoursToEmpty ?? .infinity
        return isWarning ? hours > recoverHours : hours < warnHours
    }
}
