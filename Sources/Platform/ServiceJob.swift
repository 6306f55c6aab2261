internal import CSystemd
internal import Glibc

/// What the service manager is about to do with the unit of this process, asked over the system bus.
public enum ServiceJob {
    /// The type of the job that waits or runs for our unit: "restart", "stop", "reload", ... as `systemctl list-jobs`
    /// shows it. Nil when there is none (somebody sent a signal by hand, or the watchdog did), when there is no bus
    /// or no unit, and when it cannot be learnt within `timeoutSeconds`. Blocks no longer than that.
    public static func pendingType(timeoutSeconds: Double) -> String? {
        guard let bus = Bus(timeoutSeconds: timeoutSeconds), let unit = bus.unit(ofProcess: getpid()),
            let job = bus.job(ofUnit: unit)
        else { return nil }
        return bus.type(ofJob: job)
    }
}

/// A connection to the system bus that answers within its deadline or not at all.
private final class Bus {
    private static let manager = "org.freedesktop.systemd1"
    private let connection: OpaquePointer
    private let deadline: Double

    init?(timeoutSeconds: Double) {
        deadline = SystemClock().monotonicSeconds + timeoutSeconds
        var opened: OpaquePointer?
        guard sd_bus_open_system(&opened) >= 0, let opened else { return nil }
        connection = opened
        // A call would wait for the greeting without bound, so the greeting is waited for here.
        while sd_bus_is_ready(connection) <= 0 {
            let step = sd_bus_process(connection, nil)
            let left = microsecondsLeft
            guard step >= 0, left > 0 else { return nil }
            if step == 0 { sd_bus_wait(connection, left) }
        }
    }

    // Not flushed: what a stuck bus did not take by now is not worth waiting for.
    deinit { sd_bus_close_unref(connection) }

    func unit(ofProcess pid: Int32) -> String? {
        var question: OpaquePointer?
        var number = UInt32(bitPattern: pid)
        defer { sd_bus_message_unref(question) }
        guard
            sd_bus_message_new_method_call(
                connection, &question, Self.manager, "/org/freedesktop/systemd1", Self.manager + ".Manager",
                "GetUnitByPID") >= 0,
            sd_bus_message_append_basic(question, CChar(UInt8(ascii: "u")), &number) >= 0
        else { return nil }
        var answer: OpaquePointer?
        defer { sd_bus_message_unref(answer) }
        let left = microsecondsLeft
        guard left > 0, sd_bus_call(connection, question, left, nil, &answer) >= 0 else { return nil }
        return Self.string(in: answer, type: "o")
    }

    /// The path of its job; nil when it has none.
    func job(ofUnit unit: String) -> String? {
        guard let answer = property("Job", of: unit, interface: ".Unit", type: "(uo)") else { return nil }
        defer { sd_bus_message_unref(answer) }
        var number: UInt32 = 0
        guard sd_bus_message_enter_container(answer, CChar(UInt8(ascii: "r")), "uo") > 0,
            sd_bus_message_read_basic(answer, CChar(UInt8(ascii: "u")), &number) > 0, number > 0
        else { return nil }
        return Self.string(in: answer, type: "o")
    }

    func type(ofJob job: String) -> String? {
        guard let answer = property("JobType", of: job, interface: ".Job", type: "s") else { return nil }
        defer { sd_bus_message_unref(answer) }
        return Self.string(in: answer, type: "s")
    }

    private func property(_ name: String, of object: String, interface: String, type: String) -> OpaquePointer? {
        let left = microsecondsLeft
        guard left > 0, sd_bus_set_method_call_timeout(connection, left) >= 0 else { return nil }
        var answer: OpaquePointer?
        let failed = sd_bus_get_property(
            connection, Self.manager, object, Self.manager + interface, name, nil, &answer, type)
        return failed >= 0 ? answer : nil
    }

    /// The message's next string. Its memory is the message's, so it is copied.
    private static func string(in message: OpaquePointer?, type: Unicode.Scalar) -> String? {
        var text: UnsafePointer<CChar>?
        guard sd_bus_message_read_basic(message, CChar(type.value), &text) > 0, let text else { return nil }
        return String(cString: text)
    }

    private var microsecondsLeft: UInt64 {
        UInt64(max(0, (deadline - SystemClock().monotonicSeconds) * 1e6))
    }
}
