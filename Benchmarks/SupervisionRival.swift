import Glibc
import Platform

/// One supervisor that runs and looks after eight stand-ins.
final class SupervisionRival {
    let kind: Kind
    let stamps: SupervisionStamps
    /// In whose children everything of it is.
    let root: Int32
    /// Says how one worker is, or all of them, as an operator asks it.
    let asking: [String]
    private let process: ChildProcess
    private let endSignal: Int32
    private let standIn: String
    /// The processes of the stand-ins, by worker.
    private var live: [String: Int32] = [:]

    enum Kind: String {
        case lofisup, lofisupAtOnce, lofisupSilent, supervisord, s6, runit, systemd
    }

    init(
        _ kind: Kind, stamps: SupervisionStamps, process: ChildProcess, root: Int32? = nil, endSignal: Int32 = SIGTERM,
        standIn: String, asking: [String]
    ) {
        self.kind = kind
        self.stamps = stamps
        self.process = process
        self.root = root ?? process.pid
        self.endSignal = endSignal
        self.standIn = standIn
        self.asking = asking
    }

    static let workers = 8

    /// The one that is killed to see how soon it runs again.
    var victim: String { isOurs ? SupervisionHost.victim : "1" }
    /// Those that may die together again and again. Ours takes that for an epidemic and starts them one by one.
    var victims: [String] { isOurs ? [victim] : (1...Self.workers).map(String.init) }

    var isOurs: Bool { [.lofisup, .lofisupAtOnce, .lofisupSilent].contains(kind) }

    /// The supervisor and its helpers, without what they look after.
    var processes: [Int32] {
        ProcessTree(root: root).processes.filter { process in
            if kind == .systemd, process.pid != root {
                return process.arguments.first?.hasSuffix("systemd-journald") ?? false
            }
            return !process.arguments.isEmpty && process.arguments.first != standIn
        }.map(\.pid)
    }

    var figures: SupervisionFigures { SupervisionFigures(of: processes) }

    /// Waits until `count` different stand-ins run.
    func wait(forWorkers count: Int, _ pace: Pace) throws {
        _ = try pace.wait(forAtMost: 60, "\(kind) starts its workers", everySeconds: 0.01) {
            _ = try take(withinSeconds: 0.5, pace)
            return live.count >= count ? () : nil
        }
    }

    /// Takes the next stamp in; nil when none comes in time.
    func take(withinSeconds seconds: Double, _ pace: Pace) throws -> SupervisionStamps.Stamp? {
        guard let stamp = try stamps.next(withinSeconds: seconds, pace) else { return nil }
        live[stamp.worker] = kind == .systemd ? outside(stamp.pid) : stamp.pid
        return stamp
    }

    /// Kills a stand-in.
    /// - Returns: when, in monotonic seconds.
    func kill(_ worker: String, _ pace: Pace) throws -> Double {
        guard let pid = live[worker] else {
            throw Pace.NotInTime(fact: "\(worker) of \(kind) is known", seconds: 0)
        }
        live[worker] = nil
        let now = pace.now
        guard Glibc.kill(pid, SIGKILL) == 0 else { throw SystemError("kill \(worker) of \(kind)") }
        return now
    }

    /// The number outside of a process that is `pid` inside the machine.
    private func outside(_ pid: Int32) -> Int32? {
        let children = ProcText.read("/proc/\(root)/task/\(root)/children") ?? ""
        return children.split(separator: " ").compactMap { Int32($0) }.last { child in
            let status = ProcText.read("/proc/\(child)/status") ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }
            return line?.split(whereSeparator: \.isWhitespace).last.map(String.init) == String(pid)
        }
    }

    /// A stop on request first; what is left then is killed.
    func end() {
        let tree = ProcessTree(root: root).processes
        process.signal(endSignal)
        _ = process.wait(timeoutSeconds: 20)
        process.signalGroup(SIGKILL)
        for member in tree where ProcessFacts(pid: member.pid)?.arguments == member.arguments {
            Glibc.kill(member.pid, SIGKILL)
        }
        _ = process.wait(timeoutSeconds: 5)
    }
}
