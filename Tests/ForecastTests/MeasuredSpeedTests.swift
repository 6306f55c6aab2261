import Testing

@testable import Forecast

struct MeasuredSpeedTests {
    @Test("the first batch is the average, and a machine that changed is noticed within twenty more")
    func average() throws {
        var measured = try #require(MeasuredSpeed(musicSeconds: 480, workSeconds: 32, tracks: 8, at: 5))
        #expect(measured.speed == 15 && measured.tracks == 8)
        for _ in 0..<20 { measured.add(musicSeconds: 60, workSeconds: 30, tracks: 1, at: 6) }
        #expect(measured.speed > 2 && measured.speed < 3)
        #expect(measured.tracks == 28 && measured.measuredAt == 6)
        #expect(measured.flaw == nil)
    }

    @Test("one refused track makes a fast backend somewhat slower, not slow")
    func refused() throws {
        var measured = try #require(MeasuredSpeed(musicSeconds: 60, workSeconds: 4, tracks: 1, at: 0))
        for _ in 0..<30 { measured.add(musicSeconds: 60, workSeconds: 4, tracks: 1, at: 0) }
        measured.add(musicSeconds: 0, workSeconds: 4, tracks: 1, at: 0)
        #expect(measured.speed > 13 && measured.speed < 15)
    }

    @Test(
        "what is no measurement is none",
        arguments: [(0.0, 4.0), (60, 0), (-1, 4), (60, -4), (.nan, 4), (60, .nan), (.infinity, 4), (60, .infinity)])
    func nonsense(music: Double, work: Double) throws {
        #expect(MeasuredSpeed(musicSeconds: music, workSeconds: work, tracks: 1, at: 0) == nil)
        var measured = try #require(MeasuredSpeed(musicSeconds: 60, workSeconds: 4, tracks: 1, at: 0))
        if music != 0 {
            measured.add(musicSeconds: music, workSeconds: work, tracks: 1, at: 0)
            #expect(measured.speed == 15)
        }
    }
}
