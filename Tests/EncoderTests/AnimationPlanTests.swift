import Testing

@testable import Encoder

@Suite struct AnimationPlanTests {
    @Test func `a still is held for eight seconds`() {
        #expect(LoopPlan.plan(sourceSeconds: 0) == LoopPlan(plays: 1, seconds: 8, stretch: 1))
    }

    @Test(arguments: [(8.0, 1, 8), (4.0, 2, 8), (2.0, 4, 8), (1.6, 5, 8), (0.1, 80, 8), (10, 1, 10), (120, 1, 120)])
    func `lengths that fit are not changed in speed`(_ source: Double, _ plays: Int, _ seconds: Int) {
        let plan = LoopPlan.plan(sourceSeconds: source)
        #expect(plan.plays == plays)
        #expect(plan.seconds == seconds)
        #expect(abs(plan.stretch - 1) < 1e-9)
    }

    @Test func `every length becomes whole groups at nearly its own speed`() {
        for hundredths in 2...12050 {
            let source = Double(hundredths) / 100
            let plan = LoopPlan.plan(sourceSeconds: source)
            #expect(plan.seconds % 2 == 0 && plan.seconds >= 2 && plan.seconds <= 120)
            #expect(abs(plan.stretch - 1) < 0.065, "\(source) s")
            #expect(abs(source * Double(plan.plays) * plan.stretch - Double(plan.seconds)) < 1e-6)
            #expect(source > 8 || plan.seconds <= 26)
        }
    }

    @Test func `a millisecond does not take a million tries`() {
        #expect(LoopPlan.plan(sourceSeconds: 0.001).seconds <= 24)
    }

    @Test func `sides are even and shapes are kept`() {
        let format = PictureFormat(width: 1280, height: 720, framesPerSecond: 30, videoKbps: 4000)
        #expect(PictureFilter.fitted(displayAspect: 16.0 / 9, into: format) == (1280, 720))
        #expect(PictureFilter.fitted(displayAspect: 1, into: format) == (720, 720))
        #expect(PictureFilter.fitted(displayAspect: 2.39, into: format) == (1280, 536))
        #expect(PictureFilter.fitted(displayAspect: 0.001, into: format) == (2, 720))
        #expect(PictureFilter.fitted(displayAspect: 5000, into: format) == (1280, 2))
    }

    @Test func `a turn is read as clockwise quarters`() {
        #expect(SourceProbe.quarterTurns(degrees: -90) == 1)
        #expect(SourceProbe.quarterTurns(degrees: 90) == 3)
        #expect(SourceProbe.quarterTurns(degrees: 180) == 2)
        #expect(SourceProbe.quarterTurns(degrees: 0) == 0)
        #expect(SourceProbe.quarterTurns(degrees: .nan) == 0)
    }
}
