internal import Domain
internal import Glibc
internal import IPC
public import Platform

/// The control loop: one thread that waits for signals, exits, messages, log lines and deadlines, tells each slot
/// what happened and performs what the slot answers. It never blocks on anything but its one poll.
public final class Supervisor {
    private struct Post {
        let name: WorkerName
        var slot: Slot
        var worker: Worker?
        /// The last progress figure.
        var progress: Int?
        var sample: (figures: ProcessFigures, at: Double, cpuPercent: Double)?
    }

    private let plan: StationPlan
    private let clock: any StationClock
    private let control: ControlServer
    private var posts: [Post]
    private var board = StationBoard()
    private var randomness = SystemRandomNumberGenerator()
    private let startedAt: Double
    /// What a script that ended in `exec lofisup run` had started before is not ours.
    private let inherited = Orphans.children()
    private var isStopping = false
    private var wasSignalled = false
    private var toldReady = false
    private var housekeepingAt = 0.0
    private var saidSentence = ""
    /// What was last answered, and when: asking often must not keep the loop from its work.
    private var answered: (status: JSONValue, at: Double)?
    private static let answerSeconds = 0.2
    /// A loop that comes so late (a machine that was suspended) cannot tell who else stood still.
    private static let lateSecondsMax = 5.0

    /// Binds the control socket; nothing is started yet.
    public init(plan: StationPlan, clock: any StationClock = SystemClock()) throws(SystemError) {
        self.plan = plan
        self.clock = clock
        control = try ControlServer(path: plan.controlSocket)
        posts = plan.workers.map { Post(name: $0, slot: Slot(policy: plan.restartPolicy.fitted(to: $0.role))) }
        startedAt = clock.monotonicSeconds
        Orphans.adopt()
    }

    /// Runs the station until SIGTERM or SIGINT, or `ctl shutdown`; returns when every worker has gone.
    public func run(signals: borrowing SignalFeed) {
        for index in posts.indices { handle(.begin, at: index) }
        while !(isStopping && posts.allSatisfy { $0.slot.phase == .stopped }) {
            wait(signals: signals)
            while let signal = signals.next() { take(signal: signal) }
            control.acceptWaiting(now: clock.monotonicSeconds)
            for index in posts.indices { attend(index) }
            for client in control.clients { serve(client) }
            control.dropClosed()
            reapOrphans()
            if isStopping { stopNext() }
            housekeep()
            ServiceNotification.watchdog()
        }
        control.close()
    }

    // MARK: - Waiting

    private func wait(signals: borrowing SignalFeed) {
        var watched: [pollfd] = []
        func watch(_ descriptor: Int32, writing: Bool = false) {
            watched.append(pollfd(fd: descriptor, events: Int16(POLLIN | (writing ? POLLOUT : 0)), revents: 0))
        }
        watch(signals.descriptor)
        watch(control.listener.number)
        for client in control.clients { watch(client.channel.descriptor.number, writing: client.channel.wantsToWrite) }
        for worker in posts.compactMap(\.worker) {
            watch(worker.child.pidfd.number)
            if worker.link.isOpen { watch(worker.link.descriptor.number, writing: worker.link.wantsToWrite) }
            if worker.logIsOpen { watch(worker.log.number) }
        }
        let now = clock.monotonicSeconds
        let due = posts.compactMap { $0.slot.deadline() }.min() ?? .infinity
        let seconds = max(0, min(due, housekeepingAt) - now)
        _ = poll(&watched, nfds_t(watched.count), Int32(min(seconds, 10) * 1000) + 1)
    }

    private func take(signal: Int32) {
        switch signal {
        case SIGTERM, SIGINT:
            if wasSignalled { stopAtOnce() }
            wasSignalled = true
            beginStop("signal \(signal)")
        default: break
        }
    }

    // MARK: - Workers

    private func attend(_ index: Int) {
        if let worker = posts[index].worker {
            for line in worker.readLog(now: clock.monotonicSeconds) { Log.line("\(posts[index].name): \(line)") }
            worker.link.flush()
            let messages = worker.link.receive { [name = posts[index].name] error in
                Log.warning("\(name) sent \(error)")
            }
            for message in messages { receive(message, at: index) }
            // The group is emptied while its leader, not yet reaped, still holds the number.
            if worker.child.hasEnded {
                worker.child.signalGroup(SIGKILL)
                if let exit = worker.child.reap() {
                    for line in worker.readLog(now: clock.monotonicSeconds) {
                        Log.line("\(posts[index].name): \(line)")
                    }
                    if isStopping { Log.info("\(posts[index].name) has gone (\(exit))") }
                    posts[index].worker = nil
                    Orphans.end(except: posts.compactMap { $0.worker?.child.pid } + inherited)
                    board.forget(posts[index].name)
                    handle(.exited(Self.cause(exit), "\(exit)"), at: index)
                    handle(.groupEmpty, at: index)
                }
            }
        }
        handle(.tick(mayStart: true), at: index)
    }

    private func receive(_ message: Message, at index: Int) {
        let name = posts[index].name
        switch message {
        case .notification(let method, let parameters):
            switch Method(rawValue: method) {
            case .ready:
                handle(.ready, at: index)
            case .report:
                guard let report = try? parameters.decoded(as: WorkerReport.self) else {
                    Log.warning("\(name) sent a report that cannot be read")
                    return
                }
                board.note(report, from: name)
                handle(posts[index].progress == report.progress ? .heard : .progressed, at: index)
                posts[index].progress = report.progress
            default: break
            }
        case .request(let id, let method, _):
            let answer = LineConnection.answer(id: id) {
                guard Method(rawValue: method) == .status else {
                    throw WireError.refused(code: Message.Code.unknownMethod, message: "unknown method \(method)")
                }
                return try statusAnswer()
            }
            posts[index].worker?.link.send(answer)
        case .response, .failure: break
        }
    }

    private func handle(_ event: Slot.Event, at index: Int) {
        let jitter = Double.random(in: 0...1, using: &randomness)
        let before = posts[index].slot.phase
        let actions = posts[index].slot.handle(event, now: clock.monotonicSeconds, jitter: jitter)
        if posts[index].slot.phase != before { answered = nil }
        for action in actions { perform(action, at: index) }
    }

    private func perform(_ action: Slot.Action, at index: Int) {
        let name = posts[index].name
        switch action {
        case .note(let note, let words):
            note.isWarning ? Log.warning("\(name): \(words)") : Log.info("\(name): \(words)")
        case .freeze: posts[index].worker?.child.signalGroup(SIGSTOP)
        case .thaw: posts[index].worker?.child.signalGroup(SIGCONT)
        case .keepEvidence: break
        case .ask:
            posts[index].worker?.link.send(.request(id: 1, method: Method.stop.rawValue, parameters: .object([:])))
        case .terminate:
            posts[index].worker?.child.signalGroup(SIGTERM)
            // A stopped process does not see SIGTERM until it goes on.
            posts[index].worker?.child.signalGroup(SIGCONT)
        case .killGroup: posts[index].worker?.child.signalGroup(SIGKILL)
        case .spawn(let generation): spawn(generation: generation, at: index)
        }
    }

    private func spawn(generation: Int, at index: Int) {
        let name = posts[index].name
        do {
            posts[index].worker = try Worker(
                executable: plan.executable, arguments: ["worker", name.description] + plan.workerArguments,
                environment: plan.workerEnvironment, generation: generation,
                nice: name.role == .generator ? Int32(plan.generatorNice) : 0, now: clock.monotonicSeconds)
            posts[index].sample = nil
            posts[index].progress = nil
        } catch {
            let cause: ExitCause = error.code == ENOENT || error.code == EACCES ? .missingBinary : .crash
            handle(.spawnFailed(cause, error.description), at: index)
        }
    }

    private static func cause(_ exit: ProcessExit) -> ExitCause {
        switch exit {
        case .code(ExitCode.configuration.rawValue), .code(ExitCode.usage.rawValue): .configuration
        case .code(ExitCode.diskFull.rawValue): .diskFull
        case .code(ExitCode.tryAgain.rawValue): .tryAgain
        default: .crash
        }
    }

    /// Descendants of dead workers come to us; whoever is not one of ours is only reaped.
    private func reapOrphans() {
        while let pid = Orphans.next(except: posts.compactMap { $0.worker?.child.pid }) {
            Log.info("a process that a dead worker left behind has ended (pid \(pid))")
        }
    }

    // MARK: - Stopping

    private func beginStop(_ reason: String) {
        guard !isStopping else { return }
        isStopping = true
        Log.info("stopping: \(reason)")
        ServiceNotification.stopping()
        stopNext()
    }

    /// Whoever asks twice does not want to wait: nothing a worker leaves behind then needs mending by hand.
    private func stopAtOnce() {
        Log.warning("asked to stop again: ending every worker at once")
        for index in posts.indices {
            handle(.stopNow, at: index)
        }
    }

    /// Takes the workers down in their order: the next one when those before it have gone. Generators go together.
    private func stopNext() {
        for index in posts.indices where posts[index].slot.phase != .stopped {
            handle(.end, at: index)
            let next = index + 1
            let goesAlong = next < posts.count && posts[next].name.role == posts[index].name.role
            if posts[index].slot.phase != .stopped, !goesAlong { return }
        }
    }

    // MARK: - Once a second

    private func housekeep() {
        let now = clock.monotonicSeconds
        guard now >= housekeepingAt else { return }
        // A machine that was asleep, or a supervisor that was: what the workers did meanwhile is not known.
        let isLate = now - housekeepingAt > Self.lateSecondsMax && housekeepingAt > 0
        housekeepingAt = now + 1
        for index in posts.indices {
            if isLate { handle(.woke, at: index) }
            sample(index, now: now)
        }
        if !toldReady, posts.allSatisfy({ if case .starting = $0.slot.phase { false } else { true } }) {
            toldReady = true
            ServiceNotification.ready()
        }
        let sentence = status().sentence
        if sentence != saidSentence {
            saidSentence = sentence
            ServiceNotification.status(sentence)
        }
    }

    private func sample(_ index: Int, now: Double) {
        guard let worker = posts[index].worker, let figures = ProcessFigures(pid: worker.child.pid) else { return }
        var percent = 0.0
        if let before = posts[index].sample, now > before.at {
            percent = max(0, figures.cpuSeconds - before.figures.cpuSeconds) / (now - before.at) * 100
        }
        posts[index].sample = (figures, now, percent)
    }

    private func statusAnswer() throws -> JSONValue {
        let now = clock.monotonicSeconds
        if let answered, now - answered.at < Self.answerSeconds { return answered.status }
        let fresh = try JSONValue(encoding: status())
        answered = (fresh, now)
        return fresh
    }

    private func status() -> StationStatus {
        let now = clock.monotonicSeconds
        let table = posts.map { post in
            WorkerStatus(
                name: post.name.description, state: post.slot.phase.word, pid: post.worker.map { Int($0.child.pid) },
                restarts: post.slot.restarts, uptimeSeconds: post.worker.map { now - $0.bornAt },
                residentBytes: post.sample?.figures.residentBytes, cpuPercent: post.sample?.cpuPercent,
                lastExit: post.slot.lastExit?.words, activity: board.activity(of: post.name))
        }
        return board.status(
            version: plan.version, mode: plan.mode, uptimeSeconds: now - startedAt, workers: table)
    }

    // MARK: - ctl

    private func serve(_ client: ControlServer.Client) {
        client.channel.flush()
        let messages = client.channel.receive { error in
            client.channel.send(.failure(id: nil, code: Message.Code.malformed, message: error.description))
        }
        if !messages.isEmpty { client.lastHeardAt = clock.monotonicSeconds }
        for message in messages {
            guard case .request(let id, let method, let parameters) = message else { continue }
            client.channel.send(
                LineConnection.answer(id: id) {
                    try command(Method(known: method), parameters, mayChange: client.mayChange)
                })
        }
    }

    private func command(_ method: Method, _ parameters: JSONValue, mayChange: Bool) throws -> JSONValue {
        switch method {
        case .ping: return .null
        case .status: return try statusAnswer()
        case .restart, .shutdown:
            guard mayChange else {
                throw WireError.refused(
                    code: Message.Code.forbidden, message: "only the station's owner may do this; you may look")
            }
        default: throw method.isUnknownHere
        }
        if method == .shutdown {
            beginStop("asked by ctl")
            return .null
        }
        let wanted = try parameters.decoded(as: WorkerOrder.self).worker
        guard !isStopping else {
            throw WireError.refused(code: Message.Code.failed, message: "the station is stopping")
        }
        guard let index = posts.firstIndex(where: { $0.name == WorkerName(wanted) }) else {
            let known = posts.map(\.name.description).joined(separator: ", ")
            throw WireError.refused(
                code: Message.Code.failed, message: "no worker named \(wanted); there are: \(known)")
        }
        handle(.restart, at: index)
        return try JSONValue(
            encoding: OperationStatus(
                operation: 0, state: .running, outcome: "\(posts[index].name): restarting"))
    }
}
