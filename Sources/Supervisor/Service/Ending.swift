internal import Domain
internal import Glibc
internal import IPC
internal import Platform

/// How the station goes down, or is handed to the next supervisor.
extension Supervisor {
    func take(signal: Int32) {
        switch signal {
        case SIGTERM, SIGINT:
            if service.isSignalled { return stopAtOnce() }
            service.isSignalled = true
            // By hand there is nobody who would follow.
            if signal == SIGINT || !ServiceNotification.isManaged { return beginStop(.stop, "signal \(signal)") }
            askWhatFollows()
        case SIGHUP: beginReload(by: "SIGHUP")
        default: break
        }
    }

    /// A restart is stopped with the same signal as everything else; only the manager's job says which it is.
    private func askWhatFollows() {
        guard !service.isAsking, !service.isStopping else { return }
        service.isAsking = true
        errands.send("job") {
            let job = ServiceJob.pendingType(timeoutSeconds: 2)
            return { supervisor in
                supervisor.service.isAsking = false
                // Unknown counts as a restart: if it was none, the manager lets go of the encoder's line as soon as we
                // are gone, and the encoder ends by itself.
                if supervisor.service.isStopping { return }
                if job == "stop" {
                    supervisor.beginStop(.stop, "the service is stopped")
                } else {
                    // Killed by hand rather than by the manager: it is to start us again.
                    if job == nil { supervisor.service.exitCode = .tryAgain }
                    supervisor.beginStop(.handOver, "the service is restarted (\(job ?? "no job"))")
                }
            }
        }
    }

    func beginStop(_ ending: ServiceState.Ending, _ reason: String) {
        guard !service.isStopping else { return }
        service.ending = ending
        note("stopping", reason, worker: nil)
        ServiceNotification.stopping()
        stopNext()
    }

    /// Whoever asks twice does not want to wait: nothing a worker leaves behind then needs mending by hand.
    private func stopAtOnce() {
        beginStop(.stop, "asked to stop again: every worker is ended at once")
        service.ending = .stop
        for post in posts { handle(.stopNow, at: post) }
    }

    /// Takes the workers down in their order: the next ones when those before have gone. Those that may go together do.
    func stopNext() {
        for wave in waves {
            for post in wave { handle(.end, at: post) }
            if !wave.allSatisfy(isGone) { return }
        }
    }

    /// Who goes together, in order. For a restart the feeder goes last: the encoder's cushion is short of it from then
    /// on.
    private var waves: [[Post]] {
        func those(_ roles: WorkerRole...) -> [Post] { posts.filter { roles.contains($0.name.role) } }
        switch service.ending {
        case .handOver:
            return [those(.generator, .dashboard), those(.encoder).filter { !$0.isKept }, those(.feeder)]
        case .stop, nil: return [those(.generator), those(.feeder), those(.encoder), those(.dashboard)]
        }
    }

    private func isGone(_ post: Post) -> Bool {
        switch post.slot.phase {
        // Not even SIGKILL ends it, so waiting does not either; the next life finds it in the handover.
        case .unkillable: true
        default: post.slot.phase == .stopped && post.worker == nil && post.leftover == nil
        }
    }

    var isFinished: Bool { service.isStopping && waves.joined().allSatisfy(isGone) }

    /// The last turn.
    func leave() {
        if service.ending == .handOver {
            for post in posts where post.isKept && post.slot.isReady {
                note("handed-over", "plays on for the next supervisor", worker: post.name)
            }
        }
        note("station", "the supervisor ends", worker: nil)
        settleOperations()
        control.answerWaiting(now: clock.monotonicSeconds)
        control.close()
        writeHandover(now: clock.monotonicSeconds)
        scribe.close(timeoutSeconds: 2)
    }
}
