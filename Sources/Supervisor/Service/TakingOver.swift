internal import Domain
internal import FoundationEssentials
internal import Glibc
internal import IPC
internal import Platform

/// What passes from one life of the supervisor to the next.
///
/// The encoder outlives its supervisor: the service manager keeps our end of its line, the read end of its log and
/// its pidfd (FDSTORE), and the unit's KillMode=process leaves the process alone. The line is the encoder's lifeline,
/// so when the manager drops the store, because the service is stopped, the encoder sees its end and goes.
extension Supervisor {
    /// Continues what `before` says; called once, before anything is started.
    func takeOver(_ before: Handover?, kept: [(name: String, descriptor: FileDescriptor)]) {
        let now = clock.monotonicSeconds
        let exits = readExits()
        if let before { operations = OperationBook(nextNumber: before.nextOperation) }
        var taken: Set<String> = []
        for post in posts {
            post.exits = exits[post.name.description] ?? []
            guard let entry = before?.entry(of: post.name) else { continue }
            post.slot = Slot(policy: plan.restartPolicy.fitted(to: post.name.role), memory: entry.memory, now: now)
            if let names = adopt(post, entry, kept: kept, now: now) {
                taken.formUnion(names)
            } else {
                leave(leftover(of: entry, now: now), to: post, generation: entry.generation)
            }
        }
        takeStrays(now: now)
        // Of a worker that is not there any more, such as a generator that was scaled away.
        for entry in before?.workers ?? [] where !posts.contains(where: { $0.name.description == entry.worker }) {
            leftover(of: entry, now: now)?.child.signalGroup(SIGKILL)
        }
        for (name, _) in kept where !taken.contains(name) { DescriptorStore.drop(name: name) }
    }

    /// A life that ends right after it has started a worker may not have written that down.
    private func takeStrays(now: Double) {
        let known = posts.compactMap { $0.worker?.child.pid ?? $0.leftover?.child.pid }
        for stray in Strays.find(arguments: plan.workerArguments, except: known) {
            if let post = posts.first(where: { $0.name == stray.worker && $0.worker == nil && $0.leftover == nil }) {
                leave((stray.child, now + Self.leftoverSecondsMax), to: post, generation: post.slot.generation)
            } else {
                stray.child.signalGroup(SIGKILL)
            }
        }
    }

    /// Nothing runs twice: `post` starts nothing before `leftover` has gone.
    private func leave(
        _ leftover: (child: ChildProcess, killAt: Double)?, to post: Post, generation: Int
    ) {
        guard let leftover else { return }
        post.leftover = leftover
        handle(.leftover(generation: generation), at: post)
    }

    /// Takes over the process that `entry` names, if its descriptors were kept; returns the names of those.
    private func adopt(
        _ post: Post, _ entry: Handover.Entry, kept: [(name: String, descriptor: FileDescriptor)], now: Double
    ) -> [String]? {
        var found: [Handover.Kept: FileDescriptor] = [:]
        for part in Handover.Kept.allCases {
            let name = part.name(post.name, generation: entry.generation)
            found[part] = kept.last { $0.name == name }?.descriptor
        }
        guard let pid = entry.pid, let pidfd = found[.pidfd], let link = found[.link], let log = found[.log] else {
            return nil
        }
        let child = ChildProcess(adopting: pidfd, pid: pid, leadsGroup: true)
        guard !child.hasEnded,
            let worker = try? Worker(
                adopting: child, link: link, log: log, generation: entry.generation, bornAt: entry.bornAt ?? now,
                now: now)
        else { return nil }
        begin(worker, at: post)
        post.isKept = true
        handle(.adopt(generation: entry.generation), at: post)
        // What the life before sent last may be half a line.
        worker.link.endLine()
        worker.link.send(
            .request(id: requests.hello, method: Method.ping.rawValue, parameters: .object([:])))
        note("adopted", "goes on under this supervisor (pid \(pid))", worker: post.name)
        return Handover.Kept.allCases.map { $0.name(post.name, generation: entry.generation) }
    }

    /// The process that `entry` names, if it lives still: it has seen the end of its line and finishes, within a bound.
    private func leftover(of entry: Handover.Entry, now: Double) -> (child: ChildProcess, killAt: Double)? {
        guard let pid = entry.pid, let ticks = entry.startTicks,
            let pidfd = ChildProcess.pidfd(of: pid, startedAtTicks: ticks)
        else { return nil }
        return (ChildProcess(adopting: pidfd, pid: pid, leadsGroup: true), now + Self.leftoverSecondsMax)
    }

    /// The encoder's cushion does not wait for a feeder that takes its time.
    private static var leftoverSecondsMax: Double { 2 }

    private func readExits() -> [String: [WorkerExit]] {
        guard let bytes = try? Files.read(plan.exitsFile, bytesMax: 8 << 20) else { return [:] }
        return (try? StationJSON.decode([String: [WorkerExit]].self, from: Data(bytes))) ?? [:]
    }

    // MARK: - For the next life

    /// Gives the service manager what the next supervisor needs to take `post` over. Only the encoder is worth it: the
    /// others' absence is not heard.
    func keepOverRestart(_ post: Post) {
        guard ServiceNotification.isManaged, post.name.role == .encoder, let worker = post.worker else { return }
        post.isKept = true
        for part in Handover.Kept.allCases {
            let descriptor =
                switch part {
                case .link: worker.link.descriptor
                case .log: worker.log.descriptor
                case .pidfd: worker.child.pidfd
                }
            let name = part.name(post.name, generation: worker.generation)
            if !DescriptorStore.keep(descriptor.number, name: name) {
                post.isKept = false
                Log.warning("the service manager did not take \(name): a restart of the service will be heard")
            }
        }
        writeHandover(now: clock.monotonicSeconds)
    }

    func dropFromStore(_ worker: WorkerName, generation: Int) {
        guard ServiceNotification.isManaged, worker.role == .encoder else { return }
        for part in Handover.Kept.allCases { DescriptorStore.drop(name: part.name(worker, generation: generation)) }
    }

    /// Writes down what the next life must know, when it has changed.
    func writeHandover(now: Double) {
        var handover = Handover(
            boot: service.boot, writtenAt: 0, nextOperation: operations.nextNumber,
            workers: posts.map { post in
                let child = post.leaderHasEnded ? nil : post.worker?.child ?? post.leftover?.child
                return Handover.Entry(
                    worker: post.name.description, generation: post.slot.generation, pid: child?.pid,
                    startTicks: child.flatMap { post.startTicks(of: $0) }, bornAt: post.worker?.bornAt,
                    memory: post.slot.memory(now: now))
            })
        // Budgets fill up all the time; what a life more or less changes is not worth a file a second.
        let isUrgent = handover.lives != service.writtenHandover?.lives || service.isStopping
        let isDue = now - (service.writtenHandover?.writtenAt ?? 0) >= Self.handoverSecondsMax
        guard isUrgent || isDue else { return }
        livesHaveChanged = false
        handover.writtenAt = now
        service.writtenHandover = handover
        if let bytes = try? StationJSON.encode(handover) { scribe.replace(plan.handoverFile, with: bytes) }
    }

    private static var handoverSecondsMax: Double { 10 }
    /// Who waits for a start is told that it failed after so long at most; the drawing of a picture takes minutes.
    private static var readySecondsMax: Double { 900 }

    // MARK: - What the service manager is told

    /// Once a second.
    func tellServiceManager(now: Double) {
        if ServiceNotification.isManaged {
            let sentence = status().sentence
            if sentence != service.saidSentence { ServiceNotification.status(sentence) }
            service.saidSentence = sentence
        }
        if service.isStopping {
            // Draining takes as long as the slots allow it, and each of their rungs is bounded.
            ServiceNotification.extendTimeout(seconds: 15)
        } else if !service.isReady {
            becomeReady()
        }
    }

    /// Ready is who is on the air, or fills the Buffer where that is all there is to do.
    private func becomeReady() {
        let essential = posts.filter {
            // What an operator stopped is not waited for.
            guard $0.slot.isWanted else { return false }
            return plan.mode == .generatorOnly
                ? $0.name.role == .generator : [.encoder, .feeder].contains($0.name.role)
        }
        // An encoder that was taken over is on the air: whatever the others lack is mended while it plays.
        let isOnAir = essential.contains { $0.worker?.isAdopted ?? false && $0.slot.isReady }
        if essential.allSatisfy(\.slot.isReady) || isOnAir && !essential.contains(where: \.slot.isComing) {
            service.isReady = true
            ServiceNotification.ready()
            note("station", "ready", worker: nil)
        } else if let post = essential.first(where: {
            if case .held(.configuration) = $0.slot.phase { true } else { false }
        }) {
            // Whoever starts a station that cannot work wants to know it now.
            service.exitCode = .configuration
            beginStop(.stop, "\(post.name) cannot start: \(post.lastLines.last ?? post.slot.lastExit?.words ?? "")")
        } else if clock.monotonicSeconds - startedAt < Self.readySecondsMax {
            // A picture that is prepared, or a machine that is slow.
            ServiceNotification.extendTimeout(seconds: 30)
        }
    }
}
