internal import CSystemd

/// What the service manager is told (sd_notify(3)). Without one, nothing happens.
public enum ServiceNotification {
    /// Says that the service is up.
    public static func ready() { tell("READY=1") }
    /// Says that the service is going down.
    public static func stopping() { tell("STOPPING=1") }
    /// Feeds the watchdog: call from the end of a whole turn of the control loop, never from a timer of its own.
    public static func watchdog() { tell("WATCHDOG=1") }
    /// One line that `systemctl status` shows.
    public static func status(_ line: String) { tell("STATUS=" + line.split(separator: "\n").joined(separator: " ")) }

    private static func tell(_ text: String) { _ = sd_notify(0, text) }
}
