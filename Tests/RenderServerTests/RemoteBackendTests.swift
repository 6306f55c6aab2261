import Domain
import FoundationEssentials
import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Backends

/// The remote backend and real render servers, which come and go.
@Suite("Music from renderers that come and go", .timeLimit(.minutes(3)))
struct RemoteBackendTests {
    @Test func `A batch comes back whole, and each track says who made it`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a") { server in
                let station = try RemoteStation(root: root + "/station", server)
                let backend = station.backend()
                let outcome = try station.render(requests(3), with: backend)
                #expect(outcome.places == [0, 1, 2])
                #expect(!outcome.isDoubled)
                for track in outcome.tracks.values {
                    #expect(track.provenance.backend == "remote")
                    #expect(track.provenance.model?.hasSuffix(" at one") ?? false)
                    #expect(track.provenance.seed == 7)
                    #expect(track.title.hasPrefix("Monsoon"))
                    #expect(RendererClient.bytes(of: track.file) > 10 * 44_100 * 4)
                }
                #expect(Set(outcome.tracks.values.map(\.file)).count == 3)
                let said = backend.describe()
                #expect(said.model.contains("synth"))
                #expect(!said.nonCommercial)
                #expect(said.realTimeFactorExpected ?? 0 > 0)
                // The next batch takes leave of what the last one brought.
                _ = try station.render(requests(1, from: 60), with: backend)
                let left = try FileManager.default.contentsOfDirectory(atPath: root + "/a/state/render/jobs")
                #expect(left.filter { !$0.hasPrefix("60-") } == [])
            }
        }
    }

    @Test func `Two renderers share a batch`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a") { one in
                try RenderServerProcess.run(root: root + "/b") { two in
                    let station = try RemoteStation(root: root + "/station", one, two)
                    let outcome = try station.render(requests(10, seconds: 30))
                    #expect(outcome.places == Array(0..<10))
                    #expect(!outcome.isDoubled)
                    #expect(outcome.makers == ["one", "two"])
                }
            }
        }
    }

    @Test func `One of two renderers dies in the middle, and nothing is lost or doubled`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a") { one in
                try RenderServerProcess.run(root: root + "/b") { two in
                    let station = try RemoteStation(root: root + "/station", one, two)
                    let killed = Mutex(false)
                    let backend = station.backend()
                    let outcome = try station.render(requests(12, seconds: 30), with: backend) { soFar in
                        guard soFar.makers.contains("two"), !killed.withLock({ $0 }) else { return }
                        killed.withLock { $0 = true }
                        two.kill()
                    }
                    #expect(killed.withLock { $0 }, "the second one made nothing before")
                    #expect(outcome.places == Array(0..<12))
                    #expect(!outcome.isDoubled)
                    #expect(outcome.tracks.count == 12)
                    // What it had been asked for is taken back once it is there again.
                    try two.start()
                    try eventually(within: 20, "the dead one has no jobs left", pollSeconds: 0.5) {
                        _ = try station.render(requests(4, from: 80, seconds: 5), with: backend)
                        let left = try FileManager.default.contentsOfDirectory(atPath: root + "/b/state/render/jobs")
                        return left.allSatisfy { $0.hasPrefix("8") }
                    }
                }
            }
        }
    }

    @Test func `The only renderer is killed and started again, and the batch goes on`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a") { server in
                let station = try RemoteStation(root: root + "/station", server)
                let killed = Mutex(false)
                let outcome = try station.render(requests(6, seconds: 30)) { _ in
                    guard !killed.withLock({ $0 }) else { return }
                    killed.withLock { $0 = true }
                    server.kill()
                    let failure = Result { try server.start() }
                    if case .failure(let error) = failure { Issue.record(error) }
                }
                #expect(outcome.places == Array(0..<6))
                #expect(outcome.tracks.count == 6)
                #expect(!outcome.isDoubled)
            }
        }
    }

    @Test func `With the only renderer gone for good it fails in words, and what had come stays good`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a") { server in
                var station = try RemoteStation(root: root + "/station", server)
                station.patience.aloneSeconds = 1
                let got = Mutex<[Int]>([])
                let error = #expect(throws: BackendError.self) {
                    try station.render(requests(6, seconds: 120)) { soFar in
                        got.withLock { $0 = soFar.places }
                        server.kill()
                    }
                }
                #expect("\(error.map { "\($0)" } ?? "")".contains("one: it does not answer"))
                #expect(!got.withLock { $0 }.isEmpty)
                let files = try FileManager.default.contentsOfDirectory(atPath: root + "/station/batch")
                #expect(files.count == got.withLock { $0 }.count, "\(files)")
            }
        }
    }

    @Test func `What was finished while the station was down is fetched and not rendered again`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a") { server in
                let station = try RemoteStation(root: root + "/station", server)
                let wanted = requests(2, seconds: 60)
                let cancellation = Cancellation()
                NamedThread.start("end of the station") {
                    // As soon as the jobs are there the station goes.
                    try? eventually(within: 20, "both jobs are there") {
                        let jobs = try FileManager.default.contentsOfDirectory(atPath: root + "/a/state/render/jobs")
                        return jobs.count == 2
                    }
                    cancellation.cancel()
                }
                #expect(throws: BackendError.cancelled) { try station.render(wanted, cancellation: cancellation) }
                let client = try #require(
                    RendererClient(config: station.renderers[0], environment: RemoteStation.environment))
                let jobs = try FileManager.default.contentsOfDirectory(atPath: root + "/a/state/render/jobs")
                var took: Set<Double> = []
                try eventually(within: 60, "the renderer has finished both") {
                    let views = try jobs.map {
                        try client.look($0, waitSeconds: 1, seen: nil, isCancelled: { false })
                    }
                    took = Set(views.flatMap(\.tracks).compactMap(\.provenance.renderSeconds))
                    return views.allSatisfy { $0.state == .done }
                }
                // A new process of the station: nothing but the directory is the same.
                let outcome = try station.render(wanted)
                #expect(Set(outcome.tracks.values.map(\.provenance.renderSeconds)) == took)
                #expect(outcome.tracks.count == 2)
            }
        }
    }

    @Test func `A cancelled batch ends soon, and leaves no file that it did not report`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a") { server in
                let station = try RemoteStation(root: root + "/station", server)
                let cancellation = Cancellation()
                let clock = SystemClock()
                let cancelledAt = Mutex(0.0)
                let reported = Mutex(0)
                #expect(throws: BackendError.cancelled) {
                    try station.render(requests(6, seconds: 120), cancellation: cancellation) { soFar in
                        reported.withLock { $0 = soFar.places.count }
                        cancelledAt.withLock { $0 = clock.monotonicSeconds }
                        cancellation.cancel()
                    }
                }
                #expect(clock.monotonicSeconds - cancelledAt.withLock { $0 } < 3)
                let files = try FileManager.default.contentsOfDirectory(atPath: root + "/station/batch")
                #expect(files.count == reported.withLock { $0 })
            }
        }
    }

    @Test func `Two generators of a station work beside each other and leave each other's jobs alone`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a") { server in
                let station = try RemoteStation(root: root + "/station", server)
                let other = try RemoteStation(root: root + "/station", server)
                let outcome = Monitor<RemoteStation.Outcome?>(nil)
                NamedThread.start("second generator") {
                    let made = try? other.render(requests(4, from: 20, seconds: 30), in: "second")
                    outcome.withLock { $0 = made ?? RemoteStation.Outcome() }
                }
                let backend = station.backend()
                // Later tracks than the other's, again and again: none of the other's may count as past.
                for round in 0..<4 {
                    let made = try station.render(requests(2, from: 60 + round * 2, seconds: 10), with: backend)
                    #expect(made.tracks.count == 2)
                }
                let made = outcome.wait(timeoutSeconds: 60) { $0 }
                #expect(made?.tracks.count == 4)
                #expect(made?.isDoubled == false)
            }
        }
    }

    @Test func `A monetised station passes over renderers that may not serve it`() throws {
        try withTemporaryDirectory { root in
            let health = """
                {"alive":true,"backends":[{"name":"m","model":"musicgen","licence":"CC-BY-NC-4.0","non_commercial":true,
                "batch_max":4,"continues":true,"rest_seconds":0}],"batch_max":4,"continues":true,"licence":"CC-BY-NC-4.0",
                "non_commercial":true}
                """
            let server = try ScriptedServer { _ in .answer(200, [], Array(health.utf8)) }
            defer { server.stop() }
            var station = try RemoteStation(root: root, url: server.url)
            let backend = station.backend()
            try backend.prepare(cancellation: Cancellation())
            #expect(backend.describe().nonCommercial)
            #expect(backend.describe().licence == "CC-BY-NC-4.0")
            #expect(backend.describe().continues)
            station.monetised = true
            let barred = station.backend()
            let error = #expect(throws: BackendError.self) { try barred.prepare(cancellation: Cancellation()) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("its licence forbids a monetised channel"))
        }
    }

    @Test func `A queue that takes one at a time is fed one at a time`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a", settings: "queue_tracks_max = 1") { server in
                let station = try RemoteStation(root: root + "/station", server)
                let outcome = try station.render(requests(3))
                #expect(outcome.tracks.count == 3)
                #expect(!outcome.isDoubled)
            }
        }
    }

    @Test func `A queue that others have filled is said, and left alone for as long as it asks`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a", settings: "queue_tracks_max = 1") { server in
                let other = try RemoteStation(root: root + "/other", server)
                let cancellation = Cancellation()
                NamedThread.start("other station") {
                    _ = try? other.render(requests(1, seconds: 3600, seed: 8), cancellation: cancellation)
                }
                try eventually(within: 20, "the other station's job is there") {
                    try !FileManager.default.contentsOfDirectory(atPath: root + "/a/state/render/jobs").isEmpty
                }
                let station = try RemoteStation(root: root + "/station", server)
                let backend = station.backend()
                let error = #expect(throws: BackendError.self) { try station.render(requests(2), with: backend) }
                #expect("\(error.map { "\($0)" } ?? "")".contains("it is busy: 1 of at most 1 tracks wait already"))
                let again = #expect(throws: BackendError.self) { try station.render(requests(2), with: backend) }
                #expect("\(again.map { "\($0)" } ?? "")".contains("it is busy"))
                cancellation.cancel()
            }
        }
    }
}
