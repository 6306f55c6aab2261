import Domain
import Foundation
import Glibc
import IPC
import Platform
import Synchronization
import TestSupport

/// A real station in a directory of its own: the built binary, real processes, real ffmpeg.
final class StationUnderTest: Sendable {
    let root: String
    private let process: ChildProcess
    /// A process can be reaped once: how it ended is kept for whoever asks next.
    private let ending = Mutex<ProcessExit?>(nil)

    private init(root: String, process: ChildProcess) {
        self.root = root
        self.process = process
    }

    static var executable: String { Command.executable }

    /// Starts `lofisup run` with `config` in `root`, hands it to `body`, and takes everything down. The picture is a
    /// small grey one that takes no time to prepare.
    static func run<Result>(
        root: String, config: StationFile, arguments: [String] = [], _ body: (StationUnderTest) throws -> Result
    ) throws -> Result {
        try config.write(in: root)
        let log = try FileDescriptor.open(root + "/station.log", O_WRONLY | O_CREAT | O_APPEND)
        let process = try ChildProcess(
            path: executable, arguments: ["run", "--root", root] + arguments, environment: environment(root: root),
            descriptors: [nil, log.number, log.number], newSession: true)
        let station = StationUnderTest(root: root, process: process)
        defer { station.end() }
        do {
            return try body(station)
        } catch {
            print("the station's log:\n" + station.log)
            throw error
        }
    }

    static func environment(root: String) -> [String: String] {
        ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": root]
    }

    var log: String { (try? String(contentsOfFile: root + "/station.log", encoding: .utf8)) ?? "" }
    var hlsDirectory: String { root + "/run/hls" }
    var supervisorPID: Int32 { process.pid }

    func status() throws -> StationStatus { try ControlClient(path: root + "/run/lofisup.sock").status() }

    func worker(_ name: String) throws -> WorkerStatus? { try status().workers.first { $0.name == name } }

    /// Sends `number` to one worker's process, once it has one.
    /// - Returns: that process.
    @discardableResult
    func signal(_ name: String, _ number: Int32) throws -> Int32 {
        var pid: Int32?
        try eventually(within: 10, "\(name) has a process", pollSeconds: 0.1) {
            pid = try? worker(name)?.pid.map(Int32.init)
            return pid != nil
        }
        guard let pid else { return 0 }
        kill(pid, number)
        return pid
    }

    /// The process of the ffmpeg that encodes; the relays' ffmpegs copy.
    func encodingFFmpeg() -> Int32? {
        processesLeft().first { $0.contains("-stream_loop") }.flatMap { Int32($0.prefix { $0 != " " }) }
    }

    func waitUntilOnAir(withinSeconds seconds: Double = 60) throws {
        try eventually(within: seconds, "the station is on the air", pollSeconds: 0.1) {
            (try? status().onAir) ?? false
        }
    }

    func waitForLog(_ words: String, withinSeconds seconds: Double = 20) throws {
        try eventually(within: seconds, "the station says: \(words)", pollSeconds: 0.1) { log.contains(words) }
    }

    /// SIGTERM, then waits for the end.
    func stop(withinSeconds seconds: Double = 40) -> ProcessExit? {
        process.signal(SIGTERM)
        return waitForEnd(withinSeconds: seconds)
    }

    /// How the supervisor ended; nil when it has not.
    func waitForEnd(withinSeconds seconds: Double) -> ProcessExit? {
        ending.withLock { known in
            known = known ?? process.wait(timeoutSeconds: seconds)
            return known
        }
    }

    /// This station's processes, of whatever age and parent: those that name its directory in their arguments or
    /// in their environment. Each as its number and its command line.
    func processesLeft() -> [String] {
        let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        return pids.compactMap { pid in
            guard pid != getpid(), let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
                return nil
            }
            let line = String(decoding: data, as: UTF8.self).replacing("\0", with: " ")
            let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
            let isOurs = line.contains(root) || String(decoding: environment, as: UTF8.self).contains("HOME=\(root)\0")
            // One that has ended and waits to be reaped has neither.
            return isOurs ? "\(pid) \(line)" : nil
        }
    }

    private func end() {
        if waitForEnd(withinSeconds: 0) == nil, stop() == nil {
            process.signalGroup(SIGKILL)
            _ = waitForEnd(withinSeconds: 5)
        }
        // Nothing of a station under test survives its test; a later run on the same root has ended before this one.
        for line in processesLeft() {
            if let pid = Int32(line.prefix { $0 != " " }) { kill(pid, SIGKILL) }
        }
    }
}

/// What a test's station is configured with.
struct StationFile {
    /// Sections beside those that every station under test has.
    var sections = ""
    var encoder = ""
    var supervisor = ""
    /// Name and address of each destination.
    var destinations: [(name: String, url: String)] = []

    func write(in root: String) throws {
        try FileManager.default.createDirectory(atPath: root + "/config", withIntermediateDirectories: true)
        try Self.picture.get().write(to: URL(filePath: root + "/picture.png"))
        var text = """
            [encoder]
            animation = "\(root)/picture.png"
            width = 160
            height = 90
            \(encoder.contains("video_kbps") ? "" : "video_kbps = 200")
            \(encoder)
            [supervisor]
            restart_budget = 100
            \(supervisor)
            \(sections)

            """
        for destination in destinations {
            text += "[[destinations]]\nname = \"\(destination.name)\"\nurl = \"\(destination.url)\"\n"
        }
        try text.write(toFile: root + "/config/lofisup.toml", atomically: true, encoding: .utf8)
    }

    /// Grey, 160 x 90, made once for all stations.
    private static let picture = Result {
        try withTemporaryDirectory { scratch in
            let file = scratch + "/grey.png"
            try TestTool.run("ffmpeg", ["-f", "lavfi", "-i", "color=gray:s=160x90", "-frames:v", "1", file])
            return try Data(contentsOf: URL(filePath: file))
        }
    }
}
