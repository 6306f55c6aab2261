internal import Config
internal import Domain
internal import IPC
internal import Platform

/// The governor's place in the control loop: what it is told, and what it asks for, done.
extension Supervisor {
    /// Once a second.
    func govern(now: Double) {
        let reading = load.look(
            now: now, air: posts.filter { [.encoder, .feeder].contains($0.name.role) }.compactMap(\.livePid),
            generators: posts.compactMap { post in
                guard post.name.role == .generator, post.slot.isReady, let pid = post.livePid else { return nil }
                return (post.name, pid)
            }, wanted: generatorsWanted, bufferHealth: board.bufferHealth)
        lastReading = reading
        // Whoever waits for a processor is slow, not stuck; and what it may take in all stays within the cushion.
        for post in posts { post.slot.pressureFactor = 1 + 0.4 * min(1, (reading.pressurePercent ?? 0) / 100) }
        perform(governor.turn(reading))
    }

    func perform(_ actions: [Governor.Action]) {
        for action in actions {
            switch action {
            case .nice(let name, _), .hold(let name), .goOn(let name):
                guard let pid = post(named: name)?.livePid else { continue }
                let startNice = Int32(plan.generatorNice)
                if let failure = LoadLever.perform(action, pid: pid, startNice: startNice) {
                    perform(governor.failed(action, failure))
                }
            case .tune(let name, let tuning):
                outlook.note(extraRestSeconds: tuning.extraRestSeconds, of: name)
                guard let parameters = try? JSONValue(encoding: tuning) else { continue }
                post(named: name)?.worker?.link.send(
                    .notification(method: Method.tune.rawValue, parameters: parameters))
            case .limit(let most):
                generatorsLimit = most
                setGenerators(min(generatorsWanted, most ?? .max))
            case .say(let words): note("throttle", words, worker: nil)
            }
        }
    }

    /// The governor acts only on generators that are at work, and lets go of one before anybody else acts on it.
    func tellGovernor(of event: Slot.Event, at post: Post, isBefore: Bool) {
        guard post.name.role == .generator else { return }
        switch event {
        case .stop, .end, .stopNow, .restart, .pause, .exited:
            if isBefore { perform(governor.left(post.name)) }
        case .ready, .resume:
            if !isBefore, post.slot.isReady, case .running = post.slot.phase {
                perform(governor.joined(post.name, now: clock.monotonicSeconds))
            }
        default: break
        }
    }

    /// Begins anew under the configured policy.
    func changeLoadPolicy() {
        let policy = GovernorPolicy(config.supervisor.loadPolicy)
        guard policy != governor.policy else { return }
        perform(governor.letGo())
        governor = Governor(policy: policy)
        for post in posts { tellGovernor(of: .ready, at: post, isBefore: false) }
    }

    private func post(named name: WorkerName) -> Post? { posts.first { $0.name == name } }
}
