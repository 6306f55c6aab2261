public import Domain
public import Forecast
internal import FoundationEssentials
public import Platform

/// The measured speeds of the station's backends, in one small file that all generators share and every start finds
/// again. A file that cannot be believed is set aside and begun anew.
public final class SpeedFile: Sendable {
    private struct Contents: Codable {
        static let currentVersion = 1
        var version = currentVersion
        var backends: [String: MeasuredSpeed] = [:]

        var flaw: String? {
            if version != Self.currentVersion { return "version \(version), this program knows \(Self.currentVersion)" }
            if backends.count > SpeedFile.backendsMax { return "\(backends.count) backends" }
            for (name, speed) in backends {
                if let flaw = speed.flaw { return "\(name): \(flaw)" }
            }
            return nil
        }
    }

    private enum Reading {
        case missing
        case broken(String)
        case whole(Contents)
    }

    /// More than a chain can hold; beyond it those measured longest ago are forgotten.
    static let backendsMax = 64
    private static let bytesMax = 1 << 20
    private static let lockWaitSeconds = 5.0
    private let path: String
    private let clock: any StationClock

    /// - Parameter directory: the station's state directory.
    public init(directory: String, clock: any StationClock = SystemClock()) {
        path = directory + "/speeds.json"
        self.clock = clock
    }

    /// What is known of each backend. Nothing where there is no file, or none that can be read.
    public func speeds() -> [String: MeasuredSpeed] {
        guard case .whole(let contents) = read() else { return [:] }
        return contents.backends
    }

    /// `backends` as far as they were measured.
    /// - Parameter chain: names, batches and what to expect of one that was never measured.
    public func paces(_ chain: [BackendPace]) -> [BackendPace] {
        let known = speeds()
        return chain.map { pace in
            guard let measured = known[pace.name] else { return pace }
            var pace = pace
            pace.speed = measured.speed
            pace.tracks = measured.tracks
            return pace
        }
    }

    /// Takes one batch of `backend` into its average.
    /// - Parameter musicSeconds: what was admitted of it.
    /// - Throws: when the file cannot be written; the measurement is lost then.
    public func add(
        backend: String, musicSeconds: Double, workSeconds: Double, tracks: Int
    ) throws(SystemError) {
        let lock = try FileLock.wait(path + ".lock", timeoutSeconds: Self.lockWaitSeconds)
        guard let lock else {
            throw SystemError("lock \(path).lock, held for over \(Self.lockWaitSeconds) s", code: 11)
        }
        defer { withExtendedLifetime(lock) {} }
        var contents = Contents()
        switch read() {
        case .missing: break
        case .whole(let found): contents = found
        case .broken(let why):
            try Files.move(path, to: path + ".broken")
            Log.warning("\(path) could not be used (\(why)): kept as \(path).broken, speeds are measured anew")
        }
        let now = clock.wallSeconds
        if contents.backends[backend] == nil {
            contents.backends[backend] = MeasuredSpeed(
                musicSeconds: musicSeconds, workSeconds: workSeconds, tracks: tracks, at: now)
        } else {
            contents.backends[backend]?.add(
                musicSeconds: musicSeconds, workSeconds: workSeconds, tracks: tracks, at: now)
        }
        while contents.backends.count > Self.backendsMax {
            guard let oldest = contents.backends.min(by: { $0.value.measuredAt < $1.value.measuredAt }) else { break }
            contents.backends[oldest.key] = nil
        }
        guard let bytes = try? StationJSON.encode(contents, pretty: true) else { return }
        try AtomicFile.write(bytes, to: path)
    }

    private func read() -> Reading {
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try Files.read(path, bytesMax: Self.bytesMax)
        } catch {
            return .broken("\(error)")
        }
        guard let bytes else { return .missing }
        guard let contents = try? StationJSON.decode(Contents.self, from: Data(bytes)) else {
            return .broken("not what this program writes")
        }
        return contents.flaw.map(Reading.broken) ?? .whole(contents)
    }
}
