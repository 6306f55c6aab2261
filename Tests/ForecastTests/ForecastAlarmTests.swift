import Domain
import Testing

@testable import Forecast

struct ForecastAlarmTests {
    private func forecast(emptyIn hours: Double?) -> BufferForecast {
        guard let hours else { return BufferForecast(kind: .steady, sentence: "steady", confidence: .good) }
        return BufferForecast(
            kind: .empties, sentence: "empty in \(Int(hours)) h", hours: hours, confidence: .good)
    }

    /// Notes a forecast every five seconds, and gathers what is said.
    private func say(_ alarm: inout ForecastAlarm, _ hours: Double?, seconds: Int, from begin: Int) -> [String] {
        stride(from: begin, to: begin + seconds, by: 5).compactMap { second in
            alarm.note(forecast(emptyIn: hours), now: Double(second))?.words
        }
    }

    @Test("it warns once under a day and says once that it is over")
    func once() {
        var alarm = ForecastAlarm()
        #expect(say(&alarm, 25, seconds: 600, from: 0) == [])
        #expect(say(&alarm, 23, seconds: 600, from: 600) == ["the buffer: empty in 23 h"])
        #expect(alarm.isWarning)
        // Between the two it is neither.
        #expect(say(&alarm, 29, seconds: 600, from: 1200) == [])
        #expect(say(&alarm, nil, seconds: 600, from: 1800) == ["the buffer lasts again: steady"])
        #expect(!alarm.isWarning)
        #expect(say(&alarm, 25, seconds: 600, from: 2400) == [])
    }

    @Test("what lasts under a minute, and what is not known, changes nothing")
    func brief() {
        var alarm = ForecastAlarm()
        for round in 0..<20 {
            #expect(say(&alarm, 3, seconds: 55, from: round * 100) == [])
            #expect(say(&alarm, nil, seconds: 45, from: round * 100 + 55) == [])
        }
        let unknown = BufferForecast(kind: .unknown, sentence: "unknown", confidence: .none)
        for second in 0..<300 { #expect(alarm.note(unknown, now: 5000 + Double(second)) == nil) }
    }

    @Test("an empty Buffer that nothing fills is a warning too")
    func neverAhead() {
        var alarm = ForecastAlarm()
        let forecast = BufferForecast(kind: .neverAhead, sentence: "never ahead", confidence: .good)
        #expect(alarm.note(forecast, now: 0) == nil)
        #expect(alarm.note(forecast, now: 60) == .warning("the buffer: never ahead"))
    }
}
