import Domain
import Platform
import Synchronization
import Testing

@testable import Backends

/// A backend that does what the test says.
private final class PuppetBackend: MusicBackend {
    let name: String
    let failure = Mutex<String?>(nil)
    let prepared = Atomic(0)
    let asked = Atomic(0)

    init(_ name: String) { self.name = name }

    func describe() -> BackendDescription { BackendDescription(model: "puppet") }
    func prepare(cancellation: Cancellation) { prepared.add(1, ordering: .relaxed) }
    func close() {}

    func render(
        _ requests: [TrackRequest], into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void, onTrack: (Int, Result<RenderedTrack, BackendError>) -> Void
    ) throws {
        asked.add(1, ordering: .relaxed)
        if let why = failure.withLock({ $0 }) { throw Broken(description: why) }
        for place in requests.indices {
            let provenance = Provenance(backend: name, seed: 1, renderSeconds: 1)
            onTrack(place, .success(RenderedTrack(file: "\(directory)/x", title: "x", provenance: provenance)))
        }
    }

    struct Broken: Error, CustomStringConvertible { var description: String }
}

struct BackendChainTests {
    private let clock = ManualClock()
    private let first = PuppetBackend("first")
    private let second = PuppetBackend("second")
    private let request = TrackRequest(
        prompt: Prompt(index: 3, name: "Monsoon Raga", text: "rain"), number: 181, positionInPrompt: 16, seconds: 60,
        seed: 9)

    private func chain(_ names: [String] = ["first", "second"]) throws -> BackendChain {
        try BackendChain(
            names: names, catalogue: [first, second],
            schedule: BreakerSchedule(firstRestSeconds: 10, restSecondsMax: 30, refusalsForAFailure: 2), clock: clock)
    }

    private func make(_ chain: BackendChain) throws -> String {
        try chain.generate(request, into: "/d", cancellation: Cancellation(), progress: { _ in }).provenance.backend
    }

    @Test func `the preferred one is asked first, and the others when it fails`() throws {
        let chain = try chain()
        chain.prefer("second")
        #expect(chain.current?.name == "second")
        #expect(try make(chain) == "second")
        #expect(chain.states.map(\.name) == ["first", "second"])
        second.failure.withLock { $0 = "broken" }
        #expect(try make(chain) == "first")
        second.failure.withLock { $0 = nil }
        chain.prefer(nil)
        #expect(try chain.prepare(cancellation: Cancellation()).name == "first")
        chain.prefer("nobody")
        #expect(try make(chain) == "first")
    }

    @Test func `an unknown name is refused with the known ones`() {
        let error = backendError { try chain(["first", "third"]) }
        #expect(error?.description == "there is no backend named 'third'; known: first, second")
        let none = backendError { try chain([]) }
        #expect(none == .noBackends(known: ["first", "second"]))
    }

    @Test func `the first backend plays as long as it can, prepared once`() throws {
        let chain = try chain()
        #expect(try make(chain) == "first")
        #expect(try make(chain) == "first")
        #expect(first.prepared.load(ordering: .relaxed) == 1)
        #expect(second.asked.load(ordering: .relaxed) == 0)
        #expect(chain.current?.name == "first")
    }

    @Test func `a failing backend rests longer each time, says why, and comes back`() throws {
        let chain = try chain()
        first.failure.withLock { $0 = "no GPU" }
        var told: [BackendState] = []
        let track = try chain.generate(
            request, into: "/d", cancellation: Cancellation(), progress: { _ in }, onFallback: { told.append($0) })
        #expect(track.provenance.backend == "second")
        #expect(told == [BackendState(name: "first", restSeconds: 10, failuresInARow: 1, why: "no GPU")])
        #expect(chain.current?.name == "second")

        clock.advance(seconds: 9.9)
        #expect(try make(chain) == "second")
        #expect(first.asked.load(ordering: .relaxed) == 1)

        for rest in [20.0, 30, 30] {
            clock.advance(seconds: 60)
            #expect(try make(chain) == "second")
            #expect(chain.states.first?.restSeconds == rest)
        }
        first.failure.withLock { $0 = nil }
        clock.advance(seconds: 60)
        #expect(try make(chain) == "first")
        #expect(chain.states.first == BackendState(name: "first", restSeconds: 0, failuresInARow: 0, why: nil))
        #expect(first.prepared.load(ordering: .relaxed) == 5)
    }

    @Test func `when none plays every reason is told and when to come again`() throws {
        let chain = try chain()
        first.failure.withLock { $0 = "no GPU" }
        second.failure.withLock { $0 = "disk full" }
        let reports = [
            BackendReport(backend: "first", why: "no GPU"), BackendReport(backend: "second", why: "disk full"),
        ]
        let all = backendError { try make(chain) }
        #expect(all == .nonePlays(reports: reports, retryInSeconds: 10))
        clock.advance(seconds: 4)
        let error = backendError { try make(chain) }
        #expect(error?.description.contains("first: rests for 6 s after: no GPU") == true)
        #expect(first.asked.load(ordering: .relaxed) == 1)
    }

    @Test func `a cancellation is nobody's failure`() throws {
        let chain = try chain()
        first.failure.withLock { $0 = "interrupted" }
        let cancellation = Cancellation()
        cancellation.cancel()
        let error = backendError {
            try chain.generate(request, into: "/d", cancellation: cancellation, progress: { _ in })
        }
        #expect(error == .cancelled)
        #expect(chain.states.map(\.failuresInARow) == [0, 0])
    }

    @Test func `tracks refused in a row open the breaker, an admitted one closes it`() throws {
        let chain = try chain()
        chain.recordAdmission(of: "first", refusal: .silent)
        #expect(try make(chain) == "first")
        chain.recordAdmission(of: "first", refusal: .empty)
        #expect(try make(chain) == "second")
        #expect(chain.states.first?.why == "2 tracks in a row refused, the last one: holds no sound at all")
        clock.advance(seconds: 11)
        #expect(try make(chain) == "first")
        chain.recordAdmission(of: "first", refusal: nil)
        chain.recordAdmission(of: "first", refusal: .silent)
        #expect(try make(chain) == "first")
        #expect(chain.states.first?.failuresInARow == 0)
    }

    @Test func `the longest rest is reached without overflow`() {
        let schedule = BreakerSchedule(firstRestSeconds: 15, restSecondsMax: 1800)
        #expect((1...9).map(schedule.restSeconds) == [15, 30, 60, 120, 240, 480, 960, 1800, 1800])
        #expect(schedule.restSeconds(afterFailures: 1_000_000) == 1800)
    }
}
