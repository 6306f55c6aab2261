internal import CSystemd
internal import Glibc

/// Descriptors that the service manager keeps for the next life of this service (FileDescriptorStoreMax= in the
/// unit): over a restart, a crash, a watchdog's kill; not over a stop. Without a manager nothing is kept.
///
/// The manager drops a descriptor by itself when it hangs up: the link to a peer that has gone, the pidfd of a
/// process that has been reaped. So the next life must bear any of them missing.
public enum DescriptorStore {
    /// Bytes a name may have.
    public static let nameBytesMax = 255

    /// Hands a copy of `descriptor` to the manager; several may have the same name. One that it keeps already is not
    /// kept twice.
    /// - Parameter name: printable ASCII without a colon.
    /// - Returns: false when there is no manager, it did not take the message, or the name cannot be one. True says
    ///   that it was sent: that the unit has room for it is not told.
    public static func keep(_ descriptor: Int32, name: String) -> Bool {
        guard isName(name) else { return false }
        var number = descriptor
        return sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=\(name)", &number, 1) > 0
    }

    /// Lets go of every descriptor kept under `name`.
    public static func drop(name: String) {
        guard isName(name) else { return }
        _ = sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=\(name)")
    }

    /// What the life before has kept, and the sockets the unit may have opened for us, in the order given; close-on-
    /// exec is set. Changes the environment, so that no child takes them for its own, and answers once only: call it
    /// in main before any thread exists. The store keeps its copies until they are dropped.
    public static func taken() -> [(name: String, descriptor: FileDescriptor)] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count > 0 else { return [] }
        defer {
            for index in 0..<Int(count) { free(names?[index]) }
            free(names)
        }
        return (0..<Int(count)).map { index in
            let name = names?[index].map { String(cString: $0) } ?? "unknown"
            return (name, FileDescriptor(owning: SD_LISTEN_FDS_START + Int32(index)))
        }
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= nameBytesMax
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
    }
}
