internal import Domain
internal import IPC
internal import Platform

/// One worker's place in the station: its rules, the life it leads, and what is remembered of the lives before.
final class Post {
    let name: WorkerName
    var slot: Slot
    /// From the start of a process until the last of its group is gone.
    var worker: Worker?
    /// The service manager keeps what the next supervisor needs to take it over.
    var isKept = false
    /// Has the process itself ended, though some of its group may live?
    var leaderHasEnded = false
    /// A process of the supervisor's previous life that is not taken over; the first life begins when it is gone.
    var leftover: (child: ChildProcess, killAt: Double)?
    /// What it has put out, over all its lives.
    var log = Ring(countMax: 2000, bytesMax: 512 << 10)
    /// Monotonic seconds; nil while its line is open.
    var lineClosedAt: Double?
    /// The newest first.
    var exits: [WorkerExit] = []
    /// Messages that could not be read since that was last said; monotonic seconds.
    var garbled = (count: 0, saidAt: -Double.infinity)
    /// Gathered before it is killed for standing still.
    var stack: [String] = []
    var version: String?
    /// True for one that scaling down or a new configuration removes as soon as it has stopped.
    var isLeaving = false
    private(set) var sample: (figures: ProcessFigures, at: Double, cpuPercent: Double)?
    private var progress: (figure: Int, at: Double, perSecond: Double?)?
    private static let exitsMax = 5
    private static let exitLines = 200
    private static let exitBytesMax = 64 << 10

    init(name: WorkerName, slot: Slot) {
        self.name = name
        self.slot = slot
    }

    private var start: (pid: Int32, ticks: UInt64)?

    /// When the process started, in the kernel's ticks; read once a life.
    func startTicks(of child: ChildProcess) -> UInt64? {
        if let start, start.pid == child.pid { return start.ticks }
        guard let ticks = ProcessFigures(pid: child.pid)?.startTicks else { return nil }
        start = (child.pid, ticks)
        return ticks
    }

    /// Forgets what belonged to the life before.
    func beginLife(_ worker: Worker) {
        self.worker = worker
        leaderHasEnded = false
        isKept = false
        sample = nil
        progress = nil
        stack = []
        version = nil
        start = nil
        lineClosedAt = nil
    }

    /// Of the process itself; nil once it has ended.
    var livePid: Int32? { leaderHasEnded ? nil : worker?.child.pid }

    /// Reads the process's figures.
    func takeSample(now: Double) {
        guard let worker, !leaderHasEnded, let figures = ProcessFigures(pid: worker.child.pid) else { return }
        var percent = 0.0
        if let before = sample, now > before.at {
            percent = max(0, figures.cpuSeconds - before.figures.cpuSeconds) / (now - before.at) * 100
        }
        sample = (figures, now, percent)
    }

    /// Notes the worker's own progress figure; true when it has moved.
    func note(progress figure: Int, now: Double) -> Bool {
        guard let before = progress else {
            progress = (figure, now, nil)
            return true
        }
        let seconds = now - before.at
        if seconds >= 0.9 {
            let rate = Double(figure - before.figure) / seconds
            progress = (figure, now, before.perSecond.map { $0 * 0.7 + rate * 0.3 } ?? rate)
        }
        return figure != before.figure
    }

    func keep(_ exit: WorkerExit) {
        // What is tried every few seconds and fails the same way must not push out what came before.
        if exit.uptimeSeconds == 0, let last = exits.first, last.uptimeSeconds == 0, last.exit == exit.exit {
            exits.removeFirst()
        }
        exits.insert(exit, at: 0)
        exits = Array(exits.prefix(Self.exitsMax))
    }

    /// The last lines of the log, for an exit's record.
    var lastLines: [String] {
        var bytes = 0
        let lines = log.kept.suffix(Self.exitLines).reversed().prefix { entry in
            bytes += entry.text.utf8.count
            return bytes <= Self.exitBytesMax
        }
        return lines.reversed().map(\.text)
    }

    func status(now: Double, activity: String?, ownVersion: String) -> WorkerStatus {
        let isAlive = worker != nil && !leaderHasEnded
        return WorkerStatus(
            name: name.description, state: slot.phase.word, pid: isAlive ? worker.map { Int($0.child.pid) } : nil,
            generation: slot.generation, restarts: slot.restarts,
            uptimeSeconds: isAlive ? worker.map { now - $0.bornAt } : nil,
            nextStartSeconds: slot.startDeadline.map { max(0, $0 - now) },
            residentBytes: isAlive ? sample?.figures.residentBytes : nil,
            cpuPercent: isAlive ? sample?.cpuPercent : nil,
            openFiles: isAlive ? sample?.figures.openFiles : nil, threads: isAlive ? sample?.figures.threads : nil,
            progressPerSecond: isAlive ? progress?.perSecond : nil, lastExit: slot.lastExit?.words, activity: activity,
            otherVersion: isAlive && version != ownVersion ? version : nil)
    }
}
