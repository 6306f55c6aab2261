internal import CSystemd
internal import Glibc

/// What the service manager is told (sd_notify(3)). Without one, nothing happens.
///
/// What is told once (`ready`, `reloading`, `stopping`) waits while the manager has no room for it; what is told again
/// and again does not, and may be left out.
public enum ServiceNotification {
    /// True when a service manager wants to be told (NOTIFY_SOCKET is set).
    public static var isManaged: Bool { getenv("NOTIFY_SOCKET") != nil }

    /// Within how many seconds after the last `watchdog()` the manager takes this process for dead; nil when it does
    /// not watch it (WATCHDOG_USEC, and WATCHDOG_PID where that is set). A third of it is a good rhythm.
    public static var watchdogSeconds: Double? {
        var microseconds: UInt64 = 0
        return sd_watchdog_enabled(0, &microseconds) > 0 ? Double(microseconds) / 1e6 : nil
    }

    /// Says that the service is up; after `reloading()`, that it has reloaded.
    public static func ready() { tell("READY=1") }

    /// Says that the service reads its configuration again, which lasts until `ready()`.
    public static func reloading() {
        // Type=notify-reload waits for a stamp of CLOCK_MONOTONIC from after its signal, in the same datagram.
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        tell("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)")
    }

    /// Says that the service is going down.
    public static func stopping() { tell("STOPPING=1") }

    /// Asks for `seconds` more to start or to stop in, from now on. Has its effect when the unit's own timeout has
    /// passed: by then, and from then on, the next one must come before this one runs out.
    public static func extendTimeout(seconds: Double) {
        tellAgain("EXTEND_TIMEOUT_USEC=\(Int64(min(max(seconds, 0), 86_400) * 1e6))")
    }

    /// Feeds the watchdog: call from the end of a whole turn of the control loop, never from a timer of its own.
    public static func watchdog() { tellAgain("WATCHDOG=1") }

    /// One line that `systemctl status` shows.
    public static func status(_ line: String) {
        tellAgain("STATUS=" + line.split(separator: "\n").joined(separator: " "))
    }

    private static func tell(_ text: String) { _ = sd_notify(0, text) }

    /// sd_notify blocks when the manager does not read; a manager that is frozen must not freeze the station.
    private static func tellAgain(_ text: String) {
        guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }) else { return }
        // An abstract address or a socket of another kind is left to those who know it.
        guard path.hasPrefix("/") else { return tell(text) }
        _ = UnixSocket.sendDatagram(Array(text.utf8), to: path)
    }
}
