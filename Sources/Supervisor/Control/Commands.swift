internal import Domain
internal import IPC
internal import Platform

/// What operators ask for over the control socket.
extension Supervisor {
    func serve(_ client: ControlServer.Client) {
        let messages = client.channel.receive { error in
            client.channel.send(.failure(id: nil, code: Message.Code.malformed, message: error.description))
        }
        let now = clock.monotonicSeconds
        if !messages.isEmpty { client.lastHeardAt = now }
        for message in messages {
            guard case .request(let id, let name, let parameters) = message else { continue }
            do {
                let reply = try reply(to: Method(known: name), parameters, from: client)
                switch reply {
                case .now(let value): client.channel.send(.response(id: id, result: value))
                case .later(let seconds, let attempt, let fallback):
                    control.answer(client, id: id, deadline: now + seconds, attempt: attempt, fallback: fallback)
                }
            } catch {
                client.channel.send(LineConnection.answer(id: id) { throw error })
            }
        }
    }

    private enum Reply {
        case now(JSONValue)
        /// When `attempt` has an answer, and `fallback` after so many seconds.
        case later(seconds: Double, attempt: () throws -> JSONValue?, fallback: () throws -> JSONValue)
    }

    private func reply(
        to method: Method, _ parameters: JSONValue, from client: ControlServer.Client
    ) throws -> Reply {
        if method.changes {
            guard client.mayChange else {
                throw WireError.refused(
                    code: Message.Code.forbidden, message: "only the station's owner may do this; you may look")
            }
            let status = try change(method, parameters)
            note("operation", "\(status.operation): \(status.outcome) (asked by uid \(client.uid))", worker: nil)
            return .now(try JSONValue(encoding: status))
        }
        switch method {
        case .ping: return .now(.null)
        case .status: return .now(try statusAnswer())
        case .why: return .now(try JSONValue(encoding: history(of: post(parameters.decoded(as: WorkerOrder.self)))))
        case .plan: return planReply()
        case .wait: return try wait(parameters.decoded(as: WaitOrder.self))
        case .events: return page(try parameters.decoded(as: FeedQuery.self), of: { [self] in events.ring })
        case .logs:
            let query = try parameters.decoded(as: FeedQuery.self)
            guard let worker = query.worker else { return page(query, of: { [self] in lines }) }
            let post = try post(WorkerOrder(worker: worker))
            return page(query, of: { post.log })
        default: throw method.isUnknownHere
        }
    }

    // MARK: - Looking

    private func page(_ query: FeedQuery, of ring: @escaping () -> Ring) -> Reply {
        .later(
            seconds: min(max(0, query.waitSeconds), 60),
            attempt: { try ring().page(query).map { try JSONValue(encoding: $0) } },
            fallback: { try JSONValue(encoding: ring().emptyPage) })
    }

    private func wait(_ order: WaitOrder) throws -> Reply {
        guard operations[order.operation] != nil else {
            throw WireError.refused(
                code: Message.Code.failed, message: "no operation \(order.operation) is known any more")
        }
        func status() throws -> JSONValue { try JSONValue(encoding: operations[order.operation]) }
        return .later(
            seconds: min(max(0, order.timeoutSeconds), 3600),
            attempt: { [self] in operations[order.operation]?.state == .running ? nil : try status() },
            fallback: status)
    }

    private func history(of post: Post) -> WorkerHistory {
        WorkerHistory(
            worker: post.name.description, state: post.slot.phase.word,
            waiting: post.slot.waiting(now: clock.monotonicSeconds)
                ?? (mayStart(post, now: clock.monotonicSeconds) ? nil : epidemic.words),
            exits: post.exits)
    }

    private func planReply() -> Reply {
        // One is enough for all who ask meanwhile: each is a thread and a read of the file.
        if let planUnderWay { return reply(with: planUnderWay) }
        let answer = PlanAnswer()
        planUnderWay = answer
        let (reread, config) = (reread, config)
        errands.send("plan") {
            let plan: ReloadPlan
            do {
                plan = ReloadPlan(steps: ReloadEffects(from: config, to: try reread().config).steps)
            } catch {
                plan = ReloadPlan(steps: [], problem: "\(error)")
            }
            return { supervisor in
                answer.plan = plan
                supervisor.planUnderWay = nil
            }
        }
        return reply(with: answer)
    }

    private func reply(with answer: PlanAnswer) -> Reply {
        .later(
            seconds: 30, attempt: { try answer.plan.map { try JSONValue(encoding: $0) } },
            fallback: { throw WireError.timedOut(method: "plan", seconds: 30) })
    }

    // MARK: - Changing

    private func change(_ method: Method, _ parameters: JSONValue) throws -> OperationStatus {
        if method == .shutdown {
            // Also in the middle of handing over.
            service.ending = service.ending.map { _ in .stop }
            service.exitCode = .done
            beginStop(.stop, "asked by ctl")
            return operations.begin("the station goes down") { nil }
        }
        guard !service.isStopping else { throw Self.refusal("the station is stopping") }
        switch method {
        case .reload: return beginReload(by: "ctl")
        case .scale: return try scale(parameters.decoded(as: ScaleOrder.self))
        default: break
        }
        let order = try parameters.decoded(as: WorkerOrder.self)
        let post = try post(order)
        if let generation = order.ifGeneration, generation != post.slot.generation {
            let words = "\(post.name) is in generation \(post.slot.generation), not \(generation); nothing was done"
            return operations.begin(words) { .done(words) }
        }
        return try change(method, post)
    }

    private func change(_ method: Method, _ post: Post) throws -> OperationStatus {
        let before = post.slot.generation
        let name = post.name
        switch method {
        case .start:
            if case .paused = post.slot.phase { throw Self.refusal("\(name) is paused; `lofisup ctl resume \(name)`") }
            handle(.start, at: post)
            return operations.begin("\(name): starting") { Self.running(post, after: before - 1) }
        case .stop:
            handle(.stop, at: post)
            return operations.begin("\(name): stopping") {
                post.slot.phase == .stopped
                    ? .done("\(name) is stopped") : post.slot.isWanted ? .failed("\(name) was started again") : nil
            }
        case .restart:
            handle(.restart, at: post)
            return operations.begin("\(name): restarting") { Self.running(post, after: before) }
        case .pause:
            if name.role == .encoder {
                throw Self.refusal(
                    "a paused encoder is dead air that looks alive; `lofisup ctl stop encoder` leaves the air cleanly")
            }
            guard case .running = post.slot.phase else {
                throw Self.refusal("\(name) is \(post.slot.phase.word), not running")
            }
            handle(.pause, at: post)
            return operations.begin("\(name): pausing") {
                if case .paused = post.slot.phase {
                    .done("\(name) is paused")
                } else {
                    .failed("\(name) is \(post.slot.phase.word)")
                }
            }
        case .resume:
            handle(.resume, at: post)
            return operations.begin("\(name): resuming") { Self.running(post, after: before - 1) }
        default: throw method.isUnknownHere
        }
    }

    private static func running(_ post: Post, after generation: Int) -> OperationBook.Verdict? {
        switch post.slot.phase {
        case .running where post.slot.generation > generation: .done("\(post.name) is running")
        case .backingOff where post.slot.lastExit?.cause == .diskFull:
            .failed("\(post.name) waits for room on the disk: \(post.slot.lastExit?.words ?? "")")
        case .quarantined, .held: .failed("\(post.name) is \(post.slot.phase.word): \(post.slot.lastExit?.words ?? "")")
        case .stopped where !post.slot.isWanted: .failed("\(post.name) was stopped")
        default: nil
        }
    }

    static func refusal(_ words: String) -> WireError { .refused(code: Message.Code.failed, message: words) }

    private func post(_ order: WorkerOrder) throws -> Post {
        if let post = posts.first(where: { $0.name == WorkerName(order.worker) && !$0.isLeaving }) { return post }
        let known = posts.map(\.name.description).joined(separator: ", ")
        throw Self.refusal("no worker named \(order.worker); there are: \(known)")
    }

    /// Enters what has ended into the book of events.
    func settleOperations() {
        for status in operations.settle() {
            let hasFailed = status.state == .failed
            note(
                hasFailed ? "operation-failed" : "operation", "\(status.operation): \(status.outcome)", worker: nil,
                isWarning: hasFailed)
        }
    }
}

/// Filled in by an errand.
final class PlanAnswer: @unchecked Sendable {
    // Only touched by the control loop: the errand hands it back there.
    var plan: ReloadPlan?
}
