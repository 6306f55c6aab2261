internal import Domain
internal import FoundationEssentials
internal import Platform

/// What one life of the supervisor leaves to the next, in a file of the runtime directory: who worked, which process
/// it was, and what is left of the budgets.
struct Handover: Codable, Equatable {
    struct Entry: Codable, Equatable {
        var worker: String
        var generation: Int
        /// With its start time, which a recycled number does not share; nil when no process lives.
        var pid: Int32?
        var startTicks: UInt64?
        /// Monotonic seconds.
        var bornAt: Double?
        var memory: Slot.Memory
    }

    /// Another format is not read: the station then starts from nothing, which is heard but not wrong.
    static let formatNow = 1
    var format = Handover.formatNow
    /// Monotonic times count within one boot.
    var boot: String
    /// Monotonic seconds.
    var writtenAt: Double
    var nextOperation: Int
    var workers: [Entry]

    /// Reads the file; nil when there is none, or none that counts any more.
    static func read(_ path: String) -> Handover? {
        guard let bytes = try? Files.read(path, bytesMax: 1 << 20),
            let handover = try? StationJSON.decode(Handover.self, from: Data(bytes)),
            handover.format == formatNow, handover.boot == currentBoot
        else { return nil }
        return handover
    }

    static var currentBoot: String {
        let bytes = (try? Files.read("/proc/sys/kernel/random/boot_id", bytesMax: 100)) ?? nil
        return String(decoding: (bytes ?? []).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    func entry(of worker: WorkerName) -> Entry? { workers.first { $0.worker == worker.description } }

    /// Who lives, to tell whether anything has changed that must be known at once.
    var lives: [String] {
        workers.map { "\($0.worker) \($0.generation) \($0.pid ?? 0) \($0.memory.isStoppedByOperator)" }
    }

    /// The names under which the service manager keeps an encoder's descriptors over our restart.
    enum Kept: String, CaseIterable {
        case link, log, pidfd

        func name(_ worker: WorkerName, generation: Int) -> String { "\(worker).\(generation).\(rawValue)" }
    }
}
