import Buffer
import Domain
import Foundation
import Glibc
import IPC
import Platform
import TestSupport

/// A real station in a directory of its own: the built binary, real processes, real ffmpeg.
final class StationUnderTest: Sendable {
    let root: String
    private let process: ChildProcess
    private let logFile: String

    private init(root: String, process: ChildProcess, logFile: String) {
        self.root = root
        self.process = process
        self.logFile = logFile
    }

    /// The binary that this test run built.
    static var executable: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().appending(path: "lofisup").path
    }

    /// Small and quick: what every test starts from. Tests add their sections.
    static let quickPicture = """
        [encoder]
        width = 320
        height = 180
        video_kbps = 300
        [supervisor]
        restart_budget = 100

        """

    /// Starts `lofisup run` with `config` in `root`, hands it to `body`, and takes everything down.
    static func run<Result>(
        root: String, config: String, arguments: [String] = [], _ body: (StationUnderTest) throws -> Result
    ) throws -> Result {
        let file = root + "/lofisup.toml"
        try config.write(toFile: file, atomically: true, encoding: .utf8)
        let log = try FileDescriptor.open(root + "/station.log", O_WRONLY | O_CREAT | O_APPEND)
        let process = try ChildProcess(
            path: executable, arguments: ["run", "--root", root, "--config", file] + arguments,
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": root],
            descriptors: [nil, log.number, log.number], newSession: true)
        let station = StationUnderTest(root: root, process: process, logFile: root + "/station.log")
        defer { station.end() }
        do {
            return try body(station)
        } catch {
            print("the station's log:\n" + station.log)
            throw error
        }
    }

    var log: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }
    var hlsDirectory: String { root + "/run/hls" }
    var supervisorPID: Int32 { process.pid }

    func control() throws -> ControlClient { try ControlClient(path: root + "/run/lofisup.sock") }
    func status() throws -> StationStatus { try control().status() }

    func worker(_ name: String) throws -> WorkerStatus? { try status().workers.first { $0.name == name } }

    /// Kills one worker's process with SIGKILL, once it has one.
    func kill(_ name: String) throws {
        var pid: Int?
        try eventually(within: 10, "\(name) has a process") {
            pid = try? worker(name)?.pid
            return pid != nil
        }
        if let pid { Glibc.kill(Int32(pid), SIGKILL) }
    }

    func waitUntilOnAir(withinSeconds seconds: Double = 60) throws {
        try eventually(within: seconds, "the station is on the air") { (try? status().onAir) ?? false }
    }

    /// SIGTERM, then waits for the end.
    func stop(withinSeconds seconds: Double = 40) -> ProcessExit? {
        process.signal(SIGTERM)
        return process.wait(timeoutSeconds: seconds)
    }

    /// Processes, of whatever age, that name this station's directory on their command line.
    func processesLeft() -> [String] {
        let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        return pids.compactMap { pid in
            guard pid != getpid(), let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
                return nil
            }
            let line = String(decoding: data, as: UTF8.self).replacing("\0", with: " ")
            return line.contains(root) ? "\(pid) \(line)" : nil
        }
    }

    private func end() {
        if process.reap() != nil { return }
        if stop() == nil {
            process.signalGroup(SIGKILL)
            for line in processesLeft() {
                if let pid = Int32(line.prefix { $0 != " " }) { Glibc.kill(pid, SIGKILL) }
            }
            _ = process.wait(timeoutSeconds: 5)
        }
    }
}

extension StationUnderTest {
    /// Fills the Buffer under `root` with tracks of the numbered signal that overlap by the crossfade, so that a
    /// station that joins them rightly plays the signal through.
    /// - Returns: the indices of the signal, from the first to past the last.
    @discardableResult
    static func fillBuffer(
        root: String, tracks: Int, trackSeconds: Int, promptSeconds: Int, crossfadeSeconds: Double
    ) throws -> Range<Int> {
        try FileManager.default.createDirectory(atPath: root + "/state", withIntermediateDirectories: true)
        let buffer = try BufferDirectory(
            root: root + "/state", rules: BufferRules(trackSeconds: trackSeconds, promptSeconds: promptSeconds))
        let frames = trackSeconds * StationAudio.framesPerSecond
        let crossfade = StationAudio.frames(inSeconds: crossfadeSeconds)
        var begin = 0
        for track in 0..<tracks {
            let slot = try buffer.reserve()
            try NumberedTrack.write(begin..<begin + frames, to: slot.stagedFile)
            _ = try buffer.commit(
                slot, frames: frames, title: "Numbered \(slot.number)",
                provenance: Provenance(
                    backend: "numbered", seed: 0, renderSeconds: 0))
            let endsPrompt = (track + 1) % (promptSeconds / trackSeconds) == 0
            begin += frames - (endsPrompt ? 0 : crossfade)
        }
        return 0..<begin + crossfade
    }
}
