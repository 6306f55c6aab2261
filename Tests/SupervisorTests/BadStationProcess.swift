import Domain
import FoundationEssentials
import Glibc
import IPC
import Platform
import Synchronization
import TestSupport
import Testing

/// The real supervisor in a process of its own, over workers that misbehave: see the BadWorker target. Its workers are
/// feeder, encoder, dashboard and as many generators as it is told.
final class BadStationProcess: Sendable {
    let root: String
    let process: ChildProcess
    private let clock = SystemClock()
    private let isAbandoned = Atomic(false)

    private init(root: String, process: ChildProcess) {
        (self.root, self.process) = (root, process)
    }

    static var executable: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return Files.parent(of: tests) + "/BadWorker"
    }

    /// Starts it over `root`, hands it to `body` and takes down what is left.
    /// - Parameters:
    ///   - settings: as BadWorker reads them: `generators=2`, `askSecondsMax=0.5`.
    ///   - steps: what each worker does; those that are not named are good ones.
    ///   - log: where its output goes; beside the root unless that is on a disk that fills up.
    static func run<Result>(
        root: String, _ settings: [String] = [], steps: [String: String] = [:], log: String? = nil,
        _ body: (BadStationProcess) throws -> Result
    ) throws -> Result {
        try Files.makeDirectory(root + "/steps")
        for (worker, text) in steps { try write(steps: text, for: worker, root: root) }
        let file = try FileDescriptor.open(log ?? root + "/log", O_WRONLY | O_CREAT | O_APPEND)
        let process = try ChildProcess(
            path: executable, arguments: ["station", root] + settings, environment: [:],
            descriptors: [nil, file.number, file.number], newSession: true)
        let station = BadStationProcess(root: root, process: process)
        defer { station.end() }
        do {
            return try body(station)
        } catch {
            let text = (try? Files.tail(of: log ?? root + "/log", bytesMax: 6000)) ?? []
            print("the station's log:\n" + String(decoding: text, as: UTF8.self))
            throw error
        }
    }

    static func write(steps: String, for worker: String, root: String) throws {
        try AtomicFile.write(Data(steps.utf8), to: root + "/steps/" + worker.replacing("/", with: "-"))
    }

    func write(steps: String, for worker: String) throws { try Self.write(steps: steps, for: worker, root: root) }

    // MARK: - Asking it

    func client() throws -> ControlClient { try ControlClient(path: root + "/run/lofisup.sock") }
    func status() throws -> StationStatus { try client().status() }

    func worker(_ name: String) throws -> WorkerStatus {
        try #require(status().workers.first { $0.name == name }, "\(name)")
    }

    func why(_ name: String) throws -> WorkerHistory { try client().why(#require(WorkerName(name))) }

    func events() throws -> [FeedEntry] {
        let client = try client()
        var found: [FeedEntry] = []
        while true {
            let page = try client.feed(.events, FeedQuery(since: found.last?.number ?? 0, countMax: 1000))
            if page.entries.isEmpty { return found }
            found += page.entries
        }
    }

    func ping() throws {
        // The answer is null.
        let _: Bool? = try client().ask(.ping, [String: String]())
    }

    /// How long the supervisor takes to answer, at worst, while `condition` does not hold.
    func worstPing(withinSeconds seconds: Double, until fact: String, _ condition: () throws -> Bool) throws -> Double {
        var worst = 0.0
        try eventually(within: seconds, fact, pollSeconds: 0.05) {
            let asked = clock.monotonicSeconds
            try ping()
            worst = max(worst, clock.monotonicSeconds - asked)
            return try condition()
        }
        return worst
    }

    func waitUntilRunning(_ names: [String] = ["feeder", "encoder", "dashboard"], withinSeconds: Double = 20) throws {
        try eventually(within: withinSeconds, "\(names) run", pollSeconds: 0.05) {
            guard let workers = try? status().workers else { return false }
            return names.allSatisfy { name in workers.contains { $0.name == name && $0.state == "running" } }
        }
    }

    // MARK: - Looking at it

    var figures: ProcessFigures? { ProcessFigures(pid: process.pid) }

    /// Share of one processor that it takes over the next `seconds`, in per cent.
    func cpuPercent(overSeconds seconds: Double) throws -> Double {
        let before = try #require(figures)
        let began = clock.monotonicSeconds
        try eventually(within: seconds + 5, "time passes") { clock.monotonicSeconds >= began + seconds }
        let after = try #require(figures)
        return (after.cpuSeconds - before.cpuSeconds) / (clock.monotonicSeconds - began) * 100
    }

    /// What processes have told in a file of the root: words, and the number of the process at the end of each line.
    func diary(_ name: String) -> [(words: String, pid: Int32)] {
        let bytes = (try? Files.read(root + "/" + name, bytesMax: 1 << 20)) ?? nil
        return String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ")
            return parts.last.flatMap { Int32($0) }.map { (String(parts[0]), $0) }
        }
    }

    /// Processes of this station that live, whoever their parent is now.
    func processesLeft() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.compactMap { pid in
            guard pid != getpid(), let bytes = try? Files.read("/proc/\(pid)/cmdline", bytesMax: 1 << 16) else {
                return nil
            }
            let line = String(decoding: bytes, as: UTF8.self).replacing("\0", with: " ")
            return line.contains(root) ? "\(pid) \(line)" : nil
        }
    }

    func kill(_ names: String...) throws {
        let workers = try status().workers
        for name in names {
            let pid = try #require(workers.first { $0.name == name }?.pid, "\(name) has a process")
            _ = Glibc.kill(Int32(pid), SIGKILL)
        }
    }

    // MARK: - Its end

    /// SIGTERM, and how it ended; nil when it has not.
    func stop(withinSeconds seconds: Double = 15) -> ProcessExit? {
        process.signal(SIGTERM)
        return process.wait(timeoutSeconds: seconds)
    }

    /// Leaves its workers as they are: another supervisor follows.
    func abandon() { isAbandoned.store(true, ordering: .relaxed) }

    private func end() {
        if !process.hasEnded { process.signal(SIGKILL) }
        _ = process.wait(timeoutSeconds: 5)
        for line in isAbandoned.load(ordering: .relaxed) ? [] : processesLeft() {
            if let pid = Int32(line.prefix { $0 != " " }) { _ = Glibc.kill(pid, SIGKILL) }
        }
    }
}
