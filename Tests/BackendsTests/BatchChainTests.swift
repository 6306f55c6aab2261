import Domain
import Platform
import Synchronization
import Testing

@testable import Backends

/// A backend that does with each place of a batch what its score says.
private final class ScoredBackend: MusicBackend {
    enum Note: Equatable {
        case plays, fails, silent
        /// The whole batch ends here.
        case breaks
    }

    let name: String
    let score: Mutex<[Int: Note]>
    /// Numbers of the tracks of each batch.
    let asked = Mutex<[[Int]]>([])
    let licence: String?
    let batchMax: Int
    let released = Atomic(0)

    init(_ name: String, score: [Int: Note] = [:], batchMax: Int = 8, licence: String? = nil) {
        self.name = name
        self.score = Mutex(score)
        self.batchMax = batchMax
        self.licence = licence
    }

    func describe() -> BackendDescription {
        BackendDescription(model: name, licence: licence, nonCommercial: licence != nil, batchMax: batchMax)
    }

    func prepare(cancellation: Cancellation) {}
    func release() { released.add(1, ordering: .relaxed) }
    func close() {}

    func render(
        _ requests: [TrackRequest], into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void, onTrack: (Int, Result<RenderedTrack, BackendError>) -> Void
    ) throws {
        asked.withLock { $0.append(requests.map(\.number)) }
        for (place, request) in requests.enumerated() {
            switch score.withLock({ $0[request.number] }) ?? .plays {
            case .plays:
                let provenance = Provenance(backend: name, seed: request.seed, renderSeconds: 1)
                onTrack(place, .success(RenderedTrack(file: "\(request.number)", title: name, provenance: provenance)))
                progress(Double(place + 1) / Double(requests.count))
            case .fails: onTrack(place, .failure(.requestFailed(backend: name, why: "it cannot play that")))
            case .silent: break
            case .breaks: throw BackendError.failed(backend: name, why: "it has died")
            }
        }
    }
}

struct BatchChainTests {
    private let clock = ManualClock()

    private struct Heard {
        /// Who made each track, by its number; nil: nobody.
        var makers: [Int: String] = [:]
        var failures: [Int: BackendError] = [:]
        var rests: [BackendState] = []
        var times: [Int: Int] = [:]
    }

    private func render(_ chain: BackendChain, numbers: [Int] = [1, 2, 3, 4]) throws -> Heard {
        let requests = numbers.map {
            TrackRequest(
                prompt: Prompt(index: 0, name: "One", text: "rain"), number: $0, positionInPrompt: 0, seconds: 60,
                seed: 1)
        }
        var heard = Heard()
        try chain.render(
            requests, into: "/d", cancellation: Cancellation(), progress: { _ in },
            onFallback: { heard.rests.append($0) },
            onTrack: { place, result in
                let number = requests[place].number
                heard.times[number, default: 0] += 1
                do throws(BackendError) {
                    heard.makers[number] = try result.get().title
                } catch { heard.failures[number] = error }
            })
        #expect(heard.times == Dictionary(uniqueKeysWithValues: numbers.map { ($0, 1) }))
        return heard
    }

    private func chain(_ backends: ScoredBackend..., monetised: Bool = false) throws -> BackendChain {
        try BackendChain(
            names: backends.map(\.name), catalogue: backends,
            schedule: BreakerSchedule(firstRestSeconds: 10, restSecondsMax: 30), monetised: monetised, clock: clock)
    }

    @Test func `a batch that breaks off keeps what was made and hands the rest down the chain`() throws {
        let first = ScoredBackend("first", score: [3: .breaks])
        let second = ScoredBackend("second")
        let chain = try chain(first, second)
        let heard = try render(chain)
        #expect(heard.makers == [1: "first", 2: "first", 3: "second", 4: "second"])
        #expect(second.asked.withLock { $0 } == [[3, 4]])
        #expect(heard.rests.map(\.why) == ["first: it has died"])
        #expect(chain.states.map(\.failuresInARow) == [1, 0])
        #expect(chain.current?.name == "second")
    }

    @Test func `one request that fails goes down the chain alone and is not held against the backend`() throws {
        let first = ScoredBackend("first", score: [2: .fails])
        let second = ScoredBackend("second")
        let chain = try chain(first, second)
        let heard = try render(chain)
        #expect(heard.makers == [1: "first", 2: "second", 3: "first", 4: "first"])
        #expect(heard.rests.isEmpty && chain.current?.name == "first")
    }

    @Test func `a request that nobody makes is told with every reason, the others are good`() throws {
        let chain = try chain(
            ScoredBackend("first", score: [2: .fails]), ScoredBackend("second", score: [2: .breaks]))
        let heard = try render(chain)
        #expect(heard.makers.keys.sorted() == [1, 3, 4])
        let reports = [
            BackendReport(backend: "first", why: "first: it cannot play that"),
            BackendReport(backend: "second", why: "second: it has died"),
        ]
        #expect(heard.failures == [2: .nonePlays(reports: reports, retryInSeconds: 0)])
    }

    @Test func `no backend gets more at once than it renders at once`() throws {
        let first = ScoredBackend("first", batchMax: 3)
        #expect(try render(chain(first), numbers: Array(1...7)).makers.count == 7)
        #expect(first.asked.withLock { $0 } == [[1, 2, 3], [4, 5, 6], [7]])
    }

    @Test func `a backend that comes back without a word about a track has failed`() throws {
        let first = ScoredBackend("first", score: [2: .silent])
        let chain = try chain(first, ScoredBackend("second"))
        #expect(try render(chain).makers == [1: "first", 2: "second", 3: "first", 4: "first"])
        #expect(chain.states.first?.why == "first: it came back without a word about 1 of its tracks")
    }

    @Test func `a monetised station passes over what its licence forbids, and says so`() throws {
        let first = ScoredBackend("first", licence: "CC-BY-NC-4.0")
        let chain = try chain(first, ScoredBackend("second"), monetised: true)
        let heard = try render(chain)
        #expect(Set(heard.makers.values) == ["second"] && first.asked.withLock { $0 }.isEmpty)
        #expect(heard.rests.first?.why?.contains("(CC-BY-NC-4.0) forbids a monetised channel") == true)
        #expect(first.released.load(ordering: .relaxed) == 1)
    }

    @Test func `progress grows over the batches of one backend`() throws {
        let chain = try chain(ScoredBackend("first", batchMax: 2))
        let seen = Mutex<[Double]>([])
        let requests = (1...4).map {
            TrackRequest(
                prompt: Prompt(index: 0, name: "One", text: "rain"), number: $0, positionInPrompt: 0, seconds: 60,
                seed: 1)
        }
        try chain.render(
            requests, into: "/d", cancellation: Cancellation(), progress: { done in seen.withLock { $0.append(done) } },
            onTrack: { _, _ in })
        #expect(seen.withLock { $0 } == [0.25, 0.5, 0.75, 1])
    }
}
