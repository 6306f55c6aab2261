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
        /// Monotonic seconds.
        var askedEncoderAt: Double?
        var words: [String] = []
    }

    @discardableResult
    func beginReload(by whom: String) -> OperationStatus {
        let progress = Reload()
        let status = operations.begin("reading the configuration again") {
            let isUnderWay = progress.restarted.contains { post, generation in
                post.slot.isWanted && !post.slot.hasFailed && !(post.slot.isReady && post.slot.generation > generation)
            }
            return isUnderWay ? nil : progress.outcome
        }
        if service.reload != nil || service.isStopping {
            progress.outcome = .failed(service.isStopping ? "the station is stopping" : "a reload is under way")
            return status
        }
        service.reload = progress
        // Before it is ready the manager knows of no reload.
        if service.isReady { ServiceNotification.reloading() }
        let (reread, config) = (reread, config)
        errands.send("reload") {
            do {
                let fresh = try reread()
                let effects = ReloadEffects(from: config, to: fresh.config)
                try fresh.commit()
                return { $0.apply(fresh, effects) }
            } catch {
                let words = "\(error)"
                return { $0.endReload(.failed("the configuration stays as it is: \(words)")) }
            }
        }
        return status
    }

    private func apply(_ fresh: Reconfiguration, _ effects: ReloadEffects) {
        guard let progress = service.reload else { return }
        plan = fresh.plan
        config = fresh.config
        for post in posts {
            post.slot.policy = plan.restartPolicy.fitted(to: post.name.role)
            // What a configuration was wrong about may be mended.
            handle(.conditionsMended, at: post)
        }
        let keys = effects.steps.map(\.key).joined(separator: ", ")
        progress.words = [effects.isEmpty ? "nothing has changed" : "changed: \(keys)"]
        if effects.contains(.rescale), plan.mode != .feederOnly {
            generatorsWanted = plan.generators
            setGenerators(min(generatorsWanted, generatorsLimit ?? .max))
        }
        changeLoadPolicy()
        if effects.contains(.renice) { for post in posts { tellGovernor(of: .ready, at: post, isBefore: false) } }
        if effects.contains(.dashboardOnOff) { switchDashboard() }
        if effects.contains(.encoderLive), askEncoderToReload() {
            progress.askedEncoderAt = clock.monotonicSeconds
        }
        for post in posts where effects.restarts.contains(post.name.role) && post.slot.isWanted {
            progress.restarted.append((post, post.slot.generation))
            handle(.restart, at: post)
        }
        if !effects.encoderKeys.isEmpty {
            let keys = effects.encoderKeys.joined(separator: ", ")
            progress.words.append("\(keys) waits for `lofisup ctl restart encoder`, which is heard")
        }
        if progress.askedEncoderAt == nil { endReload(.done(progress.words.joined(separator: "; "))) }
    }

    private func switchDashboard() {
        let name = WorkerName(.dashboard)
        let post = posts.first { $0.name == name }
        if plan.hasDashboard, plan.mode != .generatorOnly, post == nil {
            let post = Post(name: name, slot: Slot(policy: plan.restartPolicy.fitted(to: .dashboard)))
            posts.append(post)
            handle(.start, at: post)
        } else if !plan.hasDashboard, let post {
            post.isLeaving = true
            handle(.end, at: post)
        }
    }

    /// False when no encoder is there to be asked: the next one reads the new file anyway.
    private func askEncoderToReload() -> Bool {
        guard let post = posts.first(where: { $0.name.role == .encoder }), post.slot.isReady,
            let parameters = try? JSONValue(encoding: ReloadOrder(config: plan.workerConfigFile))
        else { return false }
        post.worker?.link.send(
            .request(id: requests.reload, method: Method.reload.rawValue, parameters: parameters))
        return true
    }

    func reloadAnswered(_ trouble: String?, by post: Post) {
        guard let progress = service.reload else { return }
        let words = progress.words.joined(separator: "; ")
        endReload(trouble.map { .failed("\(words); the encoder says: \($0)") } ?? .done(words))
    }

    /// An encoder that ended before it answered has read the new file when it is back.
    func encoderEndedDuringReload() {
        guard let progress = service.reload, progress.askedEncoderAt != nil else { return }
        endReload(.done(progress.words.joined(separator: "; ")))
    }

    /// Closing and opening destinations takes seconds; one that takes longer is not waited for.
    func boundReload(now: Double) {
        guard let progress = service.reload, let askedAt = progress.askedEncoderAt,
            now > askedAt + Self.encoderReloadSecondsMax
        else { return }
        endReload(.failed(progress.words.joined(separator: "; ") + "; the encoder did not answer"))
    }

    private static var encoderReloadSecondsMax: Double { 20 }

    private func endReload(_ verdict: OperationBook.Verdict) {
        service.reload?.outcome = verdict
        service.reload = nil
        switch verdict {
        case .done(let words): note("reloaded", words, worker: nil)
        case .failed(let words): note("reload-failed", words, worker: nil, isWarning: true)
        }
        if service.isReady { ServiceNotification.ready() }
    }
}
