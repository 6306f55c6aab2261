import Config
import Domain
import FoundationEssentials
import Glibc
import Platform
import Synchronization
import TestSupport

@testable import Backends

/// A station's side of things: a remote backend in a directory of its own, and what came of its batches.
struct RemoteStation {
    let root: String
    var renderers: [RendererConfig]
    var monetised = false
    var patience = Courier.Patience(
        besideOthersSeconds: 2, aloneSeconds: 20, stalledSeconds: 900, waitSeconds: 2)

    static var environment: [String: String] { ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""] }

    /// One that asks `servers`, called one, two and so on.
    init(root: String, _ servers: RenderServerProcess...) throws {
        self.root = root
        renderers = zip(["one", "two", "three"], servers).map {
            RendererConfig(name: $0, url: $1.url, tokenFile: $1.tokenFile)
        }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    /// One that asks a server which wants no token.
    init(root: String, url: String) throws {
        self.root = root
        renderers = [RendererConfig(name: "one", url: url)]
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    /// A backend as a new process of the station has it.
    func backend() -> RemoteBackend {
        RemoteBackend(
            renderers: renderers, directory: root + "/remote", monetised: monetised, environment: Self.environment,
            clock: SystemClock(), patience: patience,
            schedule: BreakerSchedule(firstRestSeconds: 1, restSecondsMax: 10))
    }

    /// What one batch came to.
    struct Outcome: Sendable {
        /// By place; a place that was reported twice has two.
        var results: [Int: [Result<RenderedTrack, BackendError>]] = [:]

        var tracks: [Int: RenderedTrack] { results.compactMapValues { try? $0.first?.get() } }
        var places: [Int] { results.keys.sorted() }
        var isDoubled: Bool { results.values.contains { $0.count != 1 } }
        /// Of which renderers the tracks are.
        var makers: Set<String> {
            Set(tracks.values.compactMap { $0.provenance.model?.split(separator: " ").last.map(String.init) })
        }
    }

    /// Renders a batch on this thread.
    /// - Parameter during: called with what there is so far, whenever there is something new, on another thread.
    func render(
        _ requests: [TrackRequest], in name: String = "batch", with backend: RemoteBackend? = nil,
        cancellation: Cancellation = Cancellation(),
        onTrack: (Outcome) -> Void = { _ in }
    ) throws -> Outcome {
        let directory = root + "/" + name
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var outcome = Outcome()
        let backend = backend ?? self.backend()
        try backend.prepare(cancellation: cancellation)
        try backend.render(requests, into: directory, cancellation: cancellation, progress: { _ in }) { place, result in
            outcome.results[place, default: []].append(result)
            onTrack(outcome)
        }
        return outcome
    }
}

/// Tracks of one turn of a prompt.
func requests(_ count: Int, from number: Int = 41, seconds: Double = 10, seed: UInt64 = 7) -> [TrackRequest] {
    (0..<count).map { place in
        TrackRequest(
            prompt: Prompt(index: 3, name: "Monsoon", text: "slow rain, \"bansuri\" \\ and a 🎐"),
            number: number + place,
            positionInPrompt: place, turn: number, seconds: seconds, seed: seed)
    }
}
