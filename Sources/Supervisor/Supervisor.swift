public import Config
public import Domain
internal import FoundationEssentials
internal import Glibc
internal import IPC
public import Platform

/// The control loop: one thread that waits for signals, exits, messages, log lines and deadlines, tells each slot
/// what happened and performs what the slot answers. It never blocks on anything but its one wait; what may take
/// time is an errand.
///
/// This file is the loop. What it does about workers is in `Life`, about operators in `Control`, about the service
/// manager and its own end in `Service`.
public final class Supervisor {
    /// What a descriptor that the loop waits for belongs to.
    enum Source {
        case signals, listener, errands, pressure
        case client(ControlServer.Client)
        case process(Post)
        case line(Post)
        case log(Post)
    }

    let clock: any StationClock
    let control: ControlServer
    let errands: Errands
    let readiness: Readiness
    let scribe: Scribe
    var plan: StationPlan
    var config: StationConfig
    /// Reads the configuration again.
    let reread: @Sendable () throws -> Reconfiguration
    /// In the order in which they are stopped: who feeds another goes first.
    var posts: [Post] = []
    var board = StationBoard()
    var epidemic = Epidemic()
    var load = LoadWatch()
    var governor: Governor
    var lastReading: LoadReading?
    var outlook = ForecastWatch()
    /// How many the operator wants, and how many the governor lets run.
    var generatorsWanted: Int
    var generatorsLimit: Int?
    /// Who may start in this turn.
    private var admitted: Set<WorkerName> = []
    private var saidEpidemic: String?
    /// What a plan is being made for.
    var planUnderWay: PlanAnswer?
    var events: EventBook
    var lines = Ring(countMax: 5000, bytesMax: 1 << 20)
    var operations: OperationBook
    var sources: [Int32: Source] = [:]
    private var writers: Set<Int32> = []
    private var randomness = SystemRandomNumberGenerator()
    let startedAt: Double
    let journal = JournalWriter.ifStandardErrorIsTheJournal()
    /// What a script that ended in `exec lofisup run` had started before is not ours.
    private let inherited = Orphans.children()
    var requests = RequestIDs()
    /// Wakes the loop when tasks wait for a processor; nil where the kernel does not offer it.
    private let pressure = try? PressureTrigger(stallMicroseconds: 1_000_000)
    var service = ServiceState()
    /// A process has begun or ended since that was last written down.
    var livesHaveChanged = false
    private var housekeepingAt = 0.0
    /// What was last answered, and when: asking often must not keep the loop from its work.
    private var answered: (status: JSONValue, at: Double)?
    private static let answerSeconds = 0.2
    /// A loop that comes so late (a machine that was suspended) cannot tell who else stood still.
    private static let lateSecondsMax = 5.0
    /// While some of a dead worker's group still lives, it is looked at so often.
    private static let emptyingSeconds = 0.02

    /// Binds the control socket and takes over what an earlier life has left; nothing is started yet.
    /// - Parameters:
    ///   - kept: the descriptors that the service manager kept for us.
    ///   - reread: reads the configuration again, for a reload.
    public init(
        plan: StationPlan, config: StationConfig, kept: [(name: String, descriptor: FileDescriptor)] = [],
        clock: any StationClock = SystemClock(), reread: @escaping @Sendable () throws -> Reconfiguration
    ) throws(SystemError) {
        self.plan = plan
        self.config = config
        self.clock = clock
        self.reread = reread
        control = try ControlServer(path: plan.controlSocket)
        errands = try Errands()
        readiness = try Readiness()
        scribe = Scribe(journal: plan.eventsFile)
        events = EventBook(journal: plan.eventsFile, scribe: scribe)
        startedAt = clock.monotonicSeconds
        governor = Governor(policy: GovernorPolicy(config.supervisor.loadPolicy))
        generatorsWanted = plan.generators
        operations = OperationBook(nextNumber: 1)
        Orphans.adopt()
        posts = plan.workers.map { Post(name: $0, slot: Slot(policy: plan.restartPolicy.fitted(to: $0.role))) }
        takeOver(Handover.read(plan.handoverFile), kept: kept)
    }

    /// Runs the station until SIGTERM or SIGINT, or `ctl shutdown`.
    /// - Returns: how the process is to end.
    public func run(signals: borrowing SignalFeed) -> ExitCode {
        watch(signals.descriptor, .signals)
        watch(control.listener.number, .listener)
        watch(errands.descriptor, .errands)
        if let pressure { watch(pressure.descriptor, .pressure, for: .urgent) }
        note("station", "lofisup \(plan.version) starts, \(plan.mode.rawValue)", worker: nil)
        for post in posts where post.worker == nil { handle(.begin, at: post) }
        while !isFinished {
            for event in readiness.wait(seconds: max(0, nextDeadline - clock.monotonicSeconds)) {
                serve(event, signals: signals)
            }
            let now = clock.monotonicSeconds
            forgiveIfLate(now: now)
            let due = posts.filter { ($0.slot.startDeadline ?? .infinity) <= now }
            admitted = epidemic.admit(due.map(\.name), now: now)
            sayEpidemic()
            for post in posts { attend(post, mayStart: mayStart(post, now: now), now: now) }
            if livesHaveChanged { writeHandover(now: now) }
            if let due = governor.deadline, now >= due { perform(governor.tick(now: now)) }
            reapOrphans()
            if service.isStopping { stopNext() }
            if now >= housekeepingAt { housekeep(now: now) }
            settleOperations()
            control.answerWaiting(now: now)
            control.dropClosed { forget($0.channel.descriptor) }
            watchWriters()
            service.feedWatchdog(now: now)
        }
        leave()
        return service.exitCode
    }

    // MARK: - Waiting

    /// False for one that is due and that the epidemic guard holds back.
    func mayStart(_ post: Post, now: Double) -> Bool {
        (post.slot.startDeadline ?? .infinity) > now || admitted.contains(post.name)
    }

    func watch(_ descriptor: Int32, _ source: Source, for interest: Readiness.Interest = .readable) {
        do {
            try readiness.watch(descriptor, key: Int(descriptor), for: interest)
            sources[descriptor] = source
        } catch {
            Log.error("cannot wait for descriptor \(descriptor): \(error)")
        }
    }

    /// To be called before the descriptor is closed: its number may be another's soon.
    func forget(_ descriptor: FileDescriptor) {
        readiness.forget(descriptor.number)
        sources[descriptor.number] = nil
        writers.remove(descriptor.number)
    }

    private var nextDeadline: Double {
        let now = clock.monotonicSeconds
        var due = min(housekeepingAt, control.deadline)
        for post in posts {
            if let deadline = post.slot.deadline(mayStart: mayStart(post, now: now)) { due = min(due, deadline) }
            if let closedAt = post.lineClosedAt, !post.leaderHasEnded {
                due = min(due, closedAt + Self.silentEndSeconds)
            }
            if post.leaderHasEnded || post.leftover != nil {
                due = min(due, now + Self.emptyingSeconds)
            }
        }
        if let deadline = governor.deadline { due = min(due, deadline) }
        if let deadline = epidemic.deadline { due = min(due, deadline) }
        return due
    }

    /// Waits for room only where something waits to be sent, or the loop would spin.
    private func watchWriters() {
        let channels = control.clients.map(\.channel) + posts.compactMap { $0.worker?.link }
        for channel in channels {
            let number = channel.descriptor.number
            guard sources[number] != nil, channel.wantsToWrite != writers.contains(number) else { continue }
            let interest: Readiness.Interest = channel.wantsToWrite ? [.readable, .writable] : .readable
            guard (try? readiness.watch(number, key: Int(number), for: interest)) != nil else { continue }
            if channel.wantsToWrite { writers.insert(number) } else { writers.remove(number) }
        }
    }

    private func serve(_ event: Readiness.Event, signals: borrowing SignalFeed) {
        let number = Int32(event.key)
        switch sources[number] {
        // Forgotten in this very turn.
        case nil: return
        case .signals: while let signal = signals.next() { take(signal: signal) }
        // The governor need not wait for the second to be over.
        case .pressure: housekeepingAt = min(housekeepingAt, clock.monotonicSeconds)
        case .errands: for follow in errands.take() { follow(self) }
        case .listener:
            control.acceptWaiting(
                now: clock.monotonicSeconds,
                welcome: { watch($0.channel.descriptor.number, .client($0)) },
                farewell: { forget($0.channel.descriptor) })
        case .client(let client):
            if event.writable { client.channel.flush() }
            if event.readable || event.hungUp { serve(client) }
        case .process(let post): leaderEnded(post)
        case .line(let post):
            if event.writable { post.worker?.link.flush() }
            if event.readable || event.hungUp { receive(at: post) }
        case .log(let post): readLog(of: post)
        }
    }

    // MARK: - Once a second

    private func housekeep(now: Double) {
        housekeepingAt = now + 1
        for post in posts {
            post.takeSample(now: now)
            // A flood of lines that has ebbed may be followed by none.
            if post.worker?.log.isOpen ?? false { readLog(of: post) }
        }
        if !service.isStopping {
            govern(now: now)
            lookAhead(now: now)
        }
        boundReload(now: now)
        tellServiceManager(now: now)
        writeHandover(now: now)
    }

    /// A machine that was asleep, or a supervisor that was: what the workers did meanwhile is not known.
    private func forgiveIfLate(now: Double) {
        let lateSeconds = now - housekeepingAt
        guard housekeepingAt > 0, lateSeconds > Self.lateSecondsMax else { return }
        note("station", "stood still for \(Int(lateSeconds)) s", worker: nil)
        for post in posts { handle(.woke, at: post) }
    }

    private func sayEpidemic() {
        guard epidemic.words != saidEpidemic else { return }
        saidEpidemic = epidemic.words
        note("epidemic", epidemic.words ?? "all may start again", worker: nil, isWarning: epidemic.words != nil)
    }

    /// Descendants of dead workers come to us; whoever is not one of ours is only reaped.
    private func reapOrphans() {
        var wasAny = false
        // Whatever ran in this process before us is reaped, too: an ended child hides those that ended after it.
        while Orphans.next(except: posts.compactMap { $0.worker?.child.pid }) != nil { wasAny = true }
        // What it had started in turn is ours now.
        if wasAny { Orphans.end(except: knownPids) }
    }

    var knownPids: [Int32] { posts.compactMap { $0.worker?.child.pid } + inherited }

    // MARK: - Telling

    /// Enters an event in the book, and says it.
    func note(_ kind: String, _ text: String, worker: WorkerName?, isWarning: Bool = false) {
        events.add(kind, text, worker: worker?.description, time: clock.wallSeconds)
        let generation = worker.flatMap { name in posts.first { $0.name == name }?.slot.generation }
        say(
            text, level: isWarning ? .warning : .info, worker: worker, generation: generation,
            event: kind)
    }

    var jitter: Double { Double.random(in: 0...1, using: &randomness) }

    func statusAnswer() throws -> JSONValue {
        let now = clock.monotonicSeconds
        if let answered, now - answered.at < Self.answerSeconds { return answered.status }
        let fresh = try JSONValue(encoding: status())
        answered = (fresh, now)
        return fresh
    }

    /// What was last answered is not so any more.
    func forgetAnswer() { answered = nil }

    func status() -> StationStatus {
        let now = clock.monotonicSeconds
        let table = posts.map {
            $0.status(now: now, activity: board.activity(of: $0.name), ownVersion: plan.version)
        }
        return board.status(
            version: plan.version, mode: plan.mode, uptimeSeconds: now - startedAt, workers: table,
            load: load.status(governor), forecast: outlook.latest)
    }
}
