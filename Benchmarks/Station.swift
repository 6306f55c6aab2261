import Buffer
import Domain
import FoundationEssentials
import Glibc
import IPC
import Platform

/// A real station in a directory of its own.
struct Station {
    let root: String
    let pid: Int32
    let control: ControlClient

    /// Starts `lofisup run` with `config`, waits until it is on the air, and takes it down after `body`.
    static func run<Result>(
        _ bench: Workbench, root: String, config: String, _ body: (Station) throws -> Result
    ) throws -> Result {
        let file = root + "/config/lofisup.toml"
        try FileDescriptor.open(file, O_WRONLY | O_CREAT | O_TRUNC).write(all: Array(config.utf8))
        let log = try FileDescriptor.open(root + "/station.log", O_WRONLY | O_CREAT | O_APPEND)
        let process = try ChildProcess(
            path: bench.executable, arguments: ["run", "--root", root],
            environment: ["PATH": bench.searchPath, "HOME": root],
            descriptors: [nil, log.number, log.number], newSession: true)
        defer { end(process) }
        do {
            let control = try bench.pace.wait(forAtMost: 30, "the control socket answers") {
                try? ControlClient(path: root + "/run/lofisup.sock")
            }
            let station = Station(root: root, pid: process.pid, control: control)
            try station.waitUntilOnAir(bench)
            return try body(station)
        } catch let error where !(error is Pace.Interrupted) {
            bench.say("the end of the station's log:\n" + (ProcText.read(root + "/station.log") ?? "").suffix(2000))
            throw error
        }
    }

    func waitUntilOnAir(_ bench: Workbench) throws {
        _ = try bench.pace.wait(forAtMost: 90, "the station is on the air") {
            (try? control.status())?.onAir == true ? true : nil
        }
    }

    func worker(_ name: String) throws -> WorkerStatus? { try control.status().workers.first { $0.name == name } }

    /// A stop on request first; whoever has not gone by then is killed with its descendants.
    private static func end(_ process: ChildProcess) {
        let tree = ProcessTree(root: process.pid).processes
        process.signal(SIGTERM)
        if process.wait(timeoutSeconds: 40) != nil { return }
        process.signalGroup(SIGKILL)
        for member in tree where ProcessFacts(pid: member.pid)?.arguments == member.arguments {
            kill(member.pid, SIGKILL)
        }
        _ = process.wait(timeoutSeconds: 5)
    }

    /// Puts `seconds` of music and more on the Buffer of a station that is to be started under `root`.
    static func stock(_ root: String, with track: String, seconds: Double) throws {
        let frames = try WAVReader(path: track, format: .station).frames
        let trackSeconds = Int(StationAudio.seconds(ofFrames: frames).rounded())
        let rules = BufferRules(trackSeconds: trackSeconds, promptSeconds: trackSeconds * 60)
        let buffer = try BufferDirectory(root: root + "/state", rules: rules)
        for _ in 0..<(Int(seconds) / trackSeconds + 3) {
            let slot = try buffer.reserve()
            try FileManager.default.copyItem(atPath: track, toPath: slot.stagedFile)
            _ = try buffer.commit(
                slot, frames: frames, title: "Track \(slot.number)",
                provenance: Provenance(backend: "synth", seed: 7, renderSeconds: 1))
        }
    }
}

/// The configurations that stations are started with; everything not said is the default.
enum StationText {
    static func destination(_ url: String) -> String { "[[destinations]]\nname = \"sink\"\nurl = \"\(url)\"\n" }
    static func generators(_ count: Int) -> String { "[generator]\ncount = \(count)\n" }
    static func generators(_ count: Int, trackSeconds: Int) -> String {
        generators(count) + "track_seconds = \(trackSeconds)\nprompt_seconds = \(trackSeconds * 60)\n"
    }
    /// The generator rests while there is more music than this.
    static func fullBuffer(hours: Double) -> String { "[buffer]\ntarget_hours = \(hours)\nmax_hours = \(hours)\n" }
    /// On any free port of loopback.
    static let dashboard = "[dashboard]\nport = 0\n"
    static func restarts(pauseSeconds: Double) -> String {
        "[supervisor]\nrestart_budget = 1000\nstable_after_seconds = 1\nrestart_first_seconds = \(pauseSeconds)\n"
    }
}
