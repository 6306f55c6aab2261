internal import Domain
internal import Platform

/// Where the supervisor itself stands, as its service manager sees it.
struct ServiceState {
    /// How it ends.
    enum Ending: Equatable {
        /// Everything goes down.
        case stop
        /// Another supervisor follows at once and takes the encoder over, so that nobody hears the change.
        case handOver
    }

    var isReady = false
    var ending: Ending?
    /// A second request to stop does not want to wait.
    var isSignalled = false
    /// The manager has been asked what the signal means, and has not answered yet.
    var isAsking = false
    var exitCode = ExitCode.done
    var saidSentence = ""
    /// The reload that is under way.
    var reload: Supervisor.Reload?
    var nextReloads: [Supervisor.Reload] = []
    var writtenHandover: Handover?
    let boot = Handover.currentBoot
    private var oomKills = MachineLoad.oomKills()
    private let watchdogSeconds = ServiceNotification.watchdogSeconds
    private var watchdogFedAt = -Double.infinity

    var isStopping: Bool { ending != nil }

    /// True when the kernel has killed for want of memory since this was last asked.
    mutating func oomKillsHaveGrown() -> Bool {
        let before = oomKills
        oomKills = MachineLoad.oomKills()
        return (oomKills ?? 0) > (before ?? 0)
    }

    /// To be called at the end of a whole turn. Turns are many, and each word wakes the manager up: it is told three
    /// times in the time that it gives us.
    mutating func feedWatchdog(now: Double) {
        guard let watchdogSeconds, now - watchdogFedAt >= watchdogSeconds / 3 else { return }
        watchdogFedAt = now
        ServiceNotification.watchdog()
    }
}
