import Buffer
import Domain
import FoundationEssentials
import Glibc
import Platform
import Testing

/// A directory of its own for a test. A suite holds it, so that it lasts as long as the test; then it is removed.
final class Scratch: Sendable {
    let root: String
    private let isOwner: Bool

    init() throws {
        isOwner = true
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array("\(base)/lofisup-buffer-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private init(inside root: String) throws {
        self.root = root
        isOwner = false
        try Files.makeDirectory(root)
    }

    deinit { if isOwner { try? FileManager.default.removeItem(atPath: root) } }

    /// A further directory inside this one, removed with it.
    func inner(_ name: String) throws -> Scratch { try Scratch(inside: "\(root)/\(name)") }

    var buffer: String { root + "/audio_buffer" }
    var metadata: String { buffer + "/buffer_metadata.json" }

    func open(_ rules: BufferRules = .make(), clock: any StationClock = ManualClock()) throws -> BufferDirectory {
        try BufferDirectory(root: root, rules: rules, clock: clock)
    }

    func read(_ path: String) throws -> [UInt8] { try #require(try Files.read(path, bytesMax: 1 << 26)) }

    func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

    func write(_ bytes: [UInt8], to path: String) throws {
        try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC).write(all: bytes)
    }

    /// The tracks' files on the Buffer.
    func chunks() throws -> [String] { try Files.names(in: buffer).filter { $0.hasPrefix("chunk_") } }
}

extension BufferRules {
    /// Short prompts (5 tracks, 3 prompts), no disk reserve.
    static func make(
        promptSeconds: Int = 5, promptCount: Int = 3, keepConsumed: Int = 10, diskReserveBytes: Int = 0,
        evergreenBytesMax: Int = 1 << 30, evergreenRepeatAfterSeconds: Double = 3600, refusedKept: Int = 20
    ) -> BufferRules {
        BufferRules(
            trackSeconds: 1, promptSeconds: promptSeconds, promptCount: promptCount, keepConsumed: keepConsumed,
            diskReserveBytes: diskReserveBytes, evergreenBytesMax: evergreenBytesMax,
            evergreenRepeatAfterSeconds: evergreenRepeatAfterSeconds, refusedKept: refusedKept)
    }
}

extension Provenance {
    static func make(seed: UInt64 = 7) -> Provenance { Provenance(backend: "test", seed: seed, renderSeconds: 0.5) }
}

/// Writes a WAV of `frames` frames, all `value`.
func writeTrack(_ path: String, frames: Int, value: Int16 = 0) throws {
    let wav = try WAVWriter(path: path, format: .station)
    try wav.append([Int16](repeating: value, count: frames * 2))
    try wav.close()
}

extension BufferDirectory {
    /// Fills a reserved slot.
    @discardableResult
    func fill(_ reservation: Reservation, frames: Int = 441, title: String? = nil) throws -> CommitOutcome {
        try writeTrack(reservation.stagedFile, frames: frames)
        return try commit(
            reservation, frames: frames, title: title ?? "Track \(reservation.number)", provenance: .make())
    }

    /// Reserves and fills `count` slots.
    func compose(_ count: Int, frames: Int = 441) throws {
        for _ in 0..<count { try fill(reserve(), frames: frames) }
    }

    func numbers() throws -> [Int] { try ready(limit: .max).map(\.number) }
}

/// Randomness that a printed seed brings back.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
