internal import Domain
internal import FoundationEssentials
internal import Glibc
internal import IPC
internal import Platform

/// What happens to workers, told to their slots; and what the slots answer, done.
extension Supervisor {
    /// Tells the slot what happened, and performs what follows.
    func handle(_ event: Slot.Event, at post: Post) {
        tellGovernor(of: event, at: post, isBefore: true)
        let before = post.slot.phase
        let actions = post.slot.handle(event, now: clock.monotonicSeconds, jitter: jitter(for: event))
        if post.slot.phase != before { forgetAnswer() }
        for action in actions { perform(action, at: post) }
        tellGovernor(of: event, at: post, isBefore: false)
    }

    /// Every draw asks the kernel, and most events only say that all is well: drawn for those that set a pause.
    private func jitter(for event: Slot.Event) -> Double {
        switch event {
        case .exited, .spawnFailed: jitter
        default: 0
        }
    }

    private func perform(_ action: Slot.Action, at post: Post) {
        switch action {
        case .note(let what, let text): note(what.rawValue, text, worker: post.name, isWarning: what.isWarning)
        case .ask:
            post.worker?.link.send(
                .request(id: requests.stop, method: Method.stop.rawValue, parameters: .object([:])))
        case .terminate:
            post.worker?.child.signalGroup(SIGTERM)
            // A stopped process does not see SIGTERM until it goes on.
            post.worker?.child.signalGroup(SIGCONT)
        case .freeze: post.worker?.child.signalGroup(SIGSTOP)
        case .thaw: post.worker?.child.signalGroup(SIGCONT)
        case .killGroup:
            // What is left of an earlier life may finish what it is at.
            if let leftover = post.leftover, clock.monotonicSeconds < leftover.killAt { return }
            (post.worker?.child ?? post.leftover?.child)?.signalGroup(SIGKILL)
        case .keepEvidence:
            if let worker = post.worker { post.stack = ProcessStack.evidence(of: worker.child.pid) }
        case .spawn(let generation): spawn(generation: generation, at: post)
        }
    }

    /// The ids of what is asked of workers. Each life of the supervisor has its own: the answer to what the life
    /// before asked may still come.
    struct RequestIDs {
        let stop: Int
        let hello: Int
        /// Of the last reload; each has its own.
        var reload: Int

        init() {
            let base = Int.random(in: 1...1_000_000_000) << 20
            (stop, hello, reload) = (base, base + 1, base + 2)
        }
    }

    private func spawn(generation: Int, at post: Post) {
        let name = post.name
        do {
            let worker = try Worker(
                executable: plan.executable, arguments: ["worker", name.description] + plan.workerArguments,
                environment: plan.workerEnvironment, generation: generation,
                nice: plan.nice(name.role), now: clock.monotonicSeconds)
            begin(worker, at: post)
            note("started", "started, generation \(generation), pid \(worker.child.pid)", worker: name)
        } catch {
            let cause: ExitCause =
                switch error.code {
                case ENOENT, EACCES, ENOEXEC: .missingBinary
                case ENOSPC, EDQUOT: .diskFull
                default: .crash
                }
            // Who only holds a connection gives way to who plays.
            if error.code == EMFILE { control.makeRoom { forget($0.channel.descriptor) } }
            died(post, words: error.description, .spawnFailed(cause, error.description))
        }
    }

    func begin(_ worker: Worker, at post: Post) {
        post.beginLife(worker)
        livesHaveChanged = true
        watch(worker.child.pidfd.number, .process(post))
        watch(worker.link.descriptor.number, .line(post))
        watch(worker.log.descriptor.number, .log(post))
    }

    /// Looks after a post whatever has happened.
    func attend(_ post: Post, mayStart: Bool, now: Double) {
        if let leftover = post.leftover { outlive(leftover, at: post, now: now) }
        if post.leaderHasEnded, let worker = post.worker, worker.child.groupIsEmpty { groupEnded(post, worker) }
        if let closedAt = post.lineClosedAt, now >= closedAt + Self.silentEndSeconds, !post.leaderHasEnded {
            // One that can be neither asked nor heard is not ours to lead any more.
            post.lineClosedAt = nil
            handle(.stuck("its line to the supervisor is closed"), at: post)
        }
        handle(.tick(mayStart: mayStart), at: post)
        if post.isLeaving, post.slot.phase == .stopped, post.worker == nil { posts.removeAll { $0 === post } }
    }

    /// So long may a process live after it has closed its line.
    static var silentEndSeconds: Double { 1 }

    /// Nothing runs twice: what an earlier life left behind and is not taken over must be gone first.
    private func outlive(_ leftover: (child: ChildProcess, killAt: Double), at post: Post, now: Double) {
        if leftover.child.hasEnded {
            leftover.child.signalGroup(SIGKILL)
            post.leftover = nil
            livesHaveChanged = true
            handle(.groupEmpty, at: post)
        } else if now >= leftover.killAt {
            leftover.child.signalGroup(SIGKILL)
        }
    }

    // MARK: - Ends

    func leaderEnded(_ post: Post) {
        guard let worker = post.worker, !post.leaderHasEnded, worker.child.hasEnded else { return }
        // While the leader is not yet reaped nobody else can have its number, on any kernel.
        worker.child.signalGroup(SIGKILL)
        guard let exit = worker.child.reap() else { return }
        readLog(of: post)
        sayDropped(worker.log.takeDropped(), of: post, generation: worker.generation)
        receive(at: post)
        post.leaderHasEnded = true
        livesHaveChanged = true
        forget(worker.child.pidfd)
        Orphans.end(except: knownPids)
        board.forget(post.name)
        if post.name.role == .encoder { encoderEndedDuringReload() }
        dropFromStore(post.name, generation: worker.generation)
        died(post, words: "\(exit)", .exited(cause(of: exit), "\(exit)"))
    }

    private func groupEnded(_ post: Post, _ worker: Worker) {
        forget(worker.link.descriptor)
        forget(worker.log.descriptor)
        post.worker = nil
        post.leaderHasEnded = false
        handle(.groupEmpty, at: post)
    }

    /// Tells the slot of the end of a life, and keeps what is known of it.
    private func died(_ post: Post, words: String, _ event: Slot.Event) {
        var exit = WorkerExit(
            generation: post.slot.generation, time: clock.wallSeconds,
            uptimeSeconds: post.worker.map { clock.monotonicSeconds - $0.bornAt } ?? 0, wasReady: post.slot.isReady,
            cause: "", exit: words)
        if post.worker != nil {
            exit.residentBytes = post.sample?.figures.residentBytes
            exit.openFiles = post.sample?.figures.openFiles
            exit.threads = post.sample?.figures.threads
            exit.stack = post.stack
            exit.log = post.lastLines
        }
        handle(event, at: post)
        // Why is the slot's to say: what was asked to end, or was killed for standing still, did not crash.
        guard let cause = post.slot.lastExit?.cause else { return }
        if cause != .stopped { epidemic.died(post.name, now: clock.monotonicSeconds) }
        exit.cause = cause.rawValue
        post.keep(exit)
        let exits = Dictionary(uniqueKeysWithValues: posts.map { ($0.name.description, $0.exits) })
        if let bytes = try? StationJSON.encode(exits) { scribe.replace(plan.exitsFile, with: bytes) }
    }

    private func cause(of exit: ProcessExit) -> ExitCause {
        switch exit {
        case .code(ExitCode.configuration.rawValue), .code(ExitCode.usage.rawValue): .configuration
        case .code(ExitCode.diskFull.rawValue): .diskFull
        case .code(ExitCode.tryAgain.rawValue): .tryAgain
        case .signal(SIGKILL) where service.oomKillsHaveGrown(): .outOfMemory
        default: .crash
        }
    }

    // MARK: - What workers say

    func readLog(of post: Post) {
        guard let worker = post.worker else { return }
        let (lines, dropped) = worker.log.read(now: clock.monotonicSeconds)
        for line in lines { pass(line, level: LogLevel(of: line), of: post, generation: worker.generation) }
        sayDropped(dropped, of: post, generation: worker.generation)
        // A closed output is readable for ever; the worker itself lives on.
        if !worker.log.isOpen { forget(worker.log.descriptor) }
    }

    private func sayDropped(_ count: Int, of post: Post, generation: Int) {
        guard count > 0 else { return }
        let words = "\(count) lines came too fast and were dropped"
        pass(words, level: .warning, kind: "dropped", of: post, generation: generation)
    }

    private func pass(_ line: String, level: LogLevel, kind: String? = nil, of post: Post, generation: Int) {
        let time = clock.wallSeconds
        let kind = kind ?? level.word
        post.log.add(time: time, worker: post.name.description, kind: kind, text: line)
        lines.add(time: time, worker: post.name.description, kind: kind, text: line)
        say(line, level: level, worker: post.name, generation: generation, event: nil)
    }

    func receive(at post: Post) {
        guard let worker = post.worker else { return }
        let messages = worker.link.receive { error in garbled("\(error)", by: post) }
        for message in messages { take(message, from: post, worker) }
        if !worker.link.isOpen {
            forget(worker.link.descriptor)
            // Its end closes the line, too, and may be noticed a moment later.
            if post.lineClosedAt == nil { post.lineClosedAt = clock.monotonicSeconds }
        }
    }

    /// Said seldom: one that sends garbage sends much of it, and the book of events is for what has happened.
    private func garbled(_ words: String, by post: Post) {
        let now = clock.monotonicSeconds
        post.garbled.count += 1
        guard now >= post.garbled.saidAt + Self.garbledSeconds else { return }
        let more = post.garbled.count > 1 ? " (\(post.garbled.count) times since that was last said)" : ""
        post.garbled = (0, now)
        note("garbled", "sent \(words)\(more)", worker: post.name, isWarning: true)
    }

    private static var garbledSeconds: Double { 10 }

    private func take(_ message: Message, from post: Post, _ worker: Worker) {
        handle(.heard, at: post)
        switch message {
        case .notification(let method, let parameters):
            switch Method(rawValue: method) {
            case .ready:
                greet(parameters, from: post)
                handle(.ready, at: post)
                epidemic.ready(post.name, now: clock.monotonicSeconds)
                // Not before: one that still prepares is not worth taking over.
                keepOverRestart(post)
            case .report:
                guard let report = try? parameters.decoded(as: WorkerReport.self) else {
                    return garbled("a report that cannot be read", by: post)
                }
                board.note(report, from: post.name)
                load.note(latenessSeconds: report.latenessSeconds)
                if post.note(progress: report.progress, now: clock.monotonicSeconds) { handle(.progressed, at: post) }
            default: break
            }
        case .request(let id, let method, _):
            worker.link.send(
                LineConnection.answer(id: id) {
                    let method = try Method(known: method)
                    guard method == .status else { throw method.isUnknownHere }
                    return try statusAnswer()
                })
        case .response(requests.hello, let result): greet(result, from: post)
        case .response(let id, _): reloadAnswered(id, nil)
        case .failure(let id?, _, let text): reloadAnswered(id, text)
        case .failure(nil, _, _): break
        }
    }

    private func greet(_ parameters: JSONValue, from post: Post) {
        // An older worker says nothing of itself.
        post.version = (try? parameters.decoded(as: WorkerHello.self))?.version
    }
}
