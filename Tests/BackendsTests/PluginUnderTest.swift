import Domain
import FoundationEssentials
import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Backends

/// The BadPlugin target as a backend, with short limits, in a directory of its own.
final class PluginUnderTest: Sendable {
    let backend: PluginBackend
    let directory: String
    private let log: LinesHeard

    struct Batch {
        var tracks: [Int: RenderedTrack] = [:]
        var failures: [Int: String] = [:]
        /// What the batch as a whole ended with.
        var error: String?
    }

    static var executable: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return Files.parent(of: tests) + "/BadPlugin"
    }

    private init(_ mode: [String], directory: String, limits: PluginLimits) {
        self.directory = directory
        let presumed = BackendDescription(model: "not asked yet")
        var settings = PluginBackend.Settings(name: "bad", directory: directory + "/own/bad", presumed: presumed)
        settings.limits = limits
        settings.threads = 2
        let lines = LinesHeard()
        backend = PluginBackend(settings, say: { lines.add($0) }) { () throws(BackendError) in
            PluginCommand(
                path: Self.executable, arguments: mode,
                environment: ["PATH": machinePath, "SWIFT_BACKTRACE": "enable=no"])
        }
        log = lines
    }

    /// What it has written, as our log shows it.
    var said: [String] { log.lines }

    /// Runs `body` with the plug-in in `mode`, and sees to it that nothing of it is left.
    static func run(
        _ mode: String..., limits: PluginLimits = .short, _ body: (PluginUnderTest) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let plugin = PluginUnderTest(mode, directory: directory, limits: limits)
            try body(plugin)
            plugin.backend.close()
            #expect(Self.processes().isEmpty)
        }
    }

    /// Every process of the BadPlugin executable that lives.
    static func processes() -> [Int32] {
        ((try? Files.names(in: "/proc")) ?? []).compactMap { Int32($0) }.filter { pid in
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
            return program == executable && ProcessFigures(pid: pid)?.state != "Z"
        }
    }

    static func request(_ number: Int, seconds: Double = 1) -> TrackRequest {
        TrackRequest(
            prompt: Prompt(index: 3, name: "Monsoon Raga", text: "rain"), number: number, positionInPrompt: number - 1,
            seconds: seconds, seed: UInt64.max - UInt64(number))
    }

    /// Prepares and renders, as the chain does.
    func render(_ numbers: [Int] = [1, 2, 3], cancellation: Cancellation = Cancellation()) -> Batch {
        var batch = Batch()
        let requests = numbers.map { Self.request($0) }
        let music = directory + "/music"
        try? Files.makeDirectory(music)
        do {
            try backend.prepare(cancellation: cancellation)
            try backend.render(
                requests, into: music, cancellation: cancellation, progress: { _ in },
                onTrack: { place, result in
                    #expect(batch.tracks[numbers[place]] == nil && batch.failures[numbers[place]] == nil)
                    do throws(BackendError) { batch.tracks[numbers[place]] = try result.get() } catch {
                        batch.failures[numbers[place]] = "\(error)"
                    }
                })
        } catch {
            batch.error = "\(error)"
        }
        return batch
    }

    /// All files below the directory that was handed out for music.
    func files() -> [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: directory + "/music")) ?? []).filter {
            (try? Files.stamp("\(directory)/music/\($0)"))?.kind != .directory
        }
    }
}

/// Lines from any thread.
final class LinesHeard: Sendable {
    private let state = Mutex<[String]>([])
    var lines: [String] { state.withLock { $0 } }
    func add(_ line: String) { state.withLock { $0.append(line) } }
}

extension PluginLimits {
    /// Long enough for a busy machine, short enough for a test.
    static var short: PluginLimits {
        var limits = PluginLimits()
        limits.describeSeconds = 1.5
        limits.silenceSeconds = 1.5
        limits.unloadSeconds = 2
        limits.cancelSeconds = 1
        limits.endSeconds = 1
        return limits
    }
}
