public import Config
internal import Domain
internal import FoundationEssentials
internal import IPC
internal import Platform

/// A configuration that was read again.
public struct Reconfiguration: Sendable {
    public var config: StationConfig
    public var plan: StationPlan
    /// Makes it what workers read from their next start on.
    public var commit: @Sendable () throws -> Void

    public init(config: StationConfig, plan: StationPlan, commit: @escaping @Sendable () throws -> Void) {
        self.config = config
        self.plan = plan
        self.commit = commit
    }
}

/// Reading the configuration again without a gap.
extension Supervisor {
    /// What a reload still waits for; a class, because the operation's check looks at it.
    final class Reload {
        var outcome: OperationBook.Verdict?
        /// What was started again for it, and had this generation before.
        var restarted: [(post: Post, generation: Int)] = []
        var waitsForEncoder = false
        var words: [String] = []
        /// Monotonic seconds.
        var beganAt = 0.0
        /// Of the request to the encoder.
        let id: Int

        init(id: Int) { self.id = id }
    }

    @discardableResult
    func beginReload(by whom: String) -> OperationStatus {
        requests.reload += 1
        let progress = Reload(id: requests.reload)
        let status = operations.begin("reading the configuration again") {
            let isUnderWay = progress.restarted.contains { post, generation in
                post.slot.isWanted && !post.slot.hasFailed && !(post.slot.isReady && post.slot.generation > generation)
            }
            return isUnderWay ? nil : progress.outcome
        }
        if service.isStopping {
            progress.outcome = .failed("the station is stopping")
        } else if service.reload != nil {
            // What the file says by now may be more than what is being applied.
            service.nextReloads.append(progress)
        } else {
            begin(progress)
        }
        return status
    }

    private func begin(_ progress: Reload) {
        progress.beganAt = clock.monotonicSeconds
        service.reload = progress
        // Before it is ready the manager knows of no reload.
        if service.isReady { ServiceNotification.reloading() }
        let (reread, config, id) = (reread, config, progress.id)
        errands.send("reload") {
            do {
                let fresh = try reread()
                let effects = ReloadEffects(from: config, to: fresh.config)
                try fresh.commit()
                return { $0.apply(fresh, effects, id) }
            } catch {
                let words = "\(error)"
                return { $0.endReload(id, .failed("the configuration stays as it is: \(words)")) }
            }
        }
    }

    private func apply(_ fresh: Reconfiguration, _ effects: ReloadEffects, _ id: Int) {
        guard let progress = service.reload, progress.id == id else { return }
        guard !service.isStopping else { return endReload(id, .failed("the station is stopping")) }
        plan = fresh.plan
        config = fresh.config
        for post in posts {
            post.slot.policy = plan.restartPolicy.fitted(to: post.name.role)
            // What a configuration was wrong about may be mended.
            handle(.conditionsMended, at: post)
        }
        let keys = effects.steps.map(\.key).joined(separator: ", ")
        progress.words = [effects.isEmpty ? "nothing has changed" : "changed: \(keys)"]
        for post in posts where effects.restarts.contains(post.name.role) && post.slot.isWanted {
            progress.restarted.append((post, post.slot.generation))
            handle(.restart, at: post)
        }
        if effects.contains(.rescale), plan.mode != .feederOnly {
            generatorsWanted = plan.generators
            setGenerators(min(generatorsWanted, generatorsLimit ?? .max))
        }
        changeLoadPolicy()
        if effects.contains(.renice) { for post in posts { tellGovernor(of: .ready, at: post, isBefore: false) } }
        if effects.contains(.dashboardOnOff) { switchDashboard() }
        if effects.contains(.encoderLive) { progress.waitsForEncoder = askEncoderToReload(id) }
        if !effects.encoderKeys.isEmpty {
            let keys = effects.encoderKeys.joined(separator: ", ")
            progress.words.append("\(keys) waits for `lofisup ctl restart encoder`, which is heard")
        }
        if !progress.waitsForEncoder { endReload(id, .done(progress.words.joined(separator: "; "))) }
    }

    private func switchDashboard() {
        let name = WorkerName(.dashboard)
        let post = posts.first { $0.name == name }
        if plan.hasDashboard, plan.mode != .generatorOnly, post == nil {
            let post = Post(name: name, slot: Slot(policy: plan.restartPolicy.fitted(to: .dashboard)))
            posts.append(post)
            handle(.start, at: post)
        } else if plan.hasDashboard, let post, post.isLeaving {
            // It drains still; its next life begins when it has.
            post.isLeaving = false
            handle(.start, at: post)
        } else if !plan.hasDashboard, let post {
            post.isLeaving = true
            handle(.end, at: post)
        }
    }

    /// False when no encoder is there to be asked: the next one reads the new file anyway.
    private func askEncoderToReload(_ id: Int) -> Bool {
        guard let post = posts.first(where: { $0.name.role == .encoder }), post.livePid != nil,
            let parameters = try? JSONValue(encoding: ReloadOrder(config: plan.workerConfigFile))
        else { return false }
        // One that is still starting has read the old file, and answers when it is ready.
        post.worker?.link.send(.request(id: id, method: Method.reload.rawValue, parameters: parameters))
        return true
    }

    /// An answer of the encoder; that of a reload which is not waited for any more changes nothing.
    func reloadAnswered(_ id: Int, _ trouble: String?) {
        guard let progress = service.reload, progress.id == id, progress.waitsForEncoder else { return }
        let words = progress.words.joined(separator: "; ")
        endReload(id, trouble.map { .failed("\(words); the encoder says: \($0)") } ?? .done(words))
    }

    /// An encoder that ended before it answered has read the new file when it is back.
    func encoderEndedDuringReload() {
        guard let progress = service.reload, progress.waitsForEncoder else { return }
        endReload(progress.id, .done(progress.words.joined(separator: "; ")))
    }

    /// Closing and opening destinations takes seconds; what takes longer is not waited for.
    func boundReload(now: Double) {
        guard let progress = service.reload, now > progress.beganAt + Self.reloadSecondsMax else { return }
        let slow = progress.waitsForEncoder ? "the encoder did not answer" : "the file could not be read in time"
        endReload(progress.id, .failed((progress.words + [slow]).joined(separator: "; ")))
    }

    private static var reloadSecondsMax: Double { 30 }

    private func endReload(_ id: Int, _ verdict: OperationBook.Verdict) {
        guard let progress = service.reload, progress.id == id else { return }
        progress.outcome = verdict
        service.reload = nil
        switch verdict {
        case .done(let words): note("reloaded", words, worker: nil)
        case .failed(let words): note("reload-failed", words, worker: nil, isWarning: true)
        }
        if service.isReady { ServiceNotification.ready() }
        if service.isStopping {
            for waiting in service.nextReloads { waiting.outcome = .failed("the station is stopping") }
            service.nextReloads = []
        } else if !service.nextReloads.isEmpty {
            begin(service.nextReloads.removeFirst())
        }
    }
}
