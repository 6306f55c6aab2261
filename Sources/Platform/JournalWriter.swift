internal import Glibc

/// Entries with fields for the journal, in its own protocol (JOURNAL_NATIVE_PROTOCOL on systemd.io). Never blocks: what
/// the journal has no room for is dropped, and told.
public final class JournalWriter: Sendable {
    public static let standardPath = "/run/systemd/journal/socket"
    /// Bytes of a message that are sent; the rest is cut off.
    public static let messageBytesMax = 32 << 10
    /// Bytes of any other value.
    public static let valueBytesMax = 4 << 10
    public static let fieldsMax = 32
    private static let nameBytesMax = 64

    private let path: String
    private let socket: FileDescriptor

    /// Nil when nothing receives at `path`.
    public init?(path: String = standardPath) {
        guard let socket = UnixSocket.datagramSocket(), let probe = UnixSocket.datagramSocket(),
            (try? UnixSocket.withAddress(
                path,
                { (address, size) throws(SystemError) in
                    try retrying("connect to \(path)") { connect(probe.number, address, size) }
                })) != nil
        else { return nil }
        self.path = path
        self.socket = socket
    }

    /// A writer if our standard error goes to the journal already (JOURNAL_STREAM names that very stream): then its
    /// fields belong there too. Nil otherwise.
    public static func ifStandardErrorIsTheJournal() -> JournalWriter? {
        var facts = stat()
        guard let words = getenv("JOURNAL_STREAM").map({ String(cString: $0) }), fstat(STDERR_FILENO, &facts) == 0,
            words == "\(facts.st_dev):\(facts.st_ino)"
        else { return nil }
        return JournalWriter()
    }

    /// Sends one entry; may be called on any thread.
    /// - Parameters:
    ///   - priority: 0 (emergency) to 7 (debug), as in syslog(3).
    ///   - fields: names of A-Z, 0-9 and _, beginning with a letter; at most 64 bytes each. Others are left out, as the
    ///     journal would leave them out; so are those beyond 32.
    /// - Returns: false when it was dropped.
    public func send(priority: Int, message: String, fields: [(String, String)] = []) -> Bool {
        var bytes: [UInt8] = []
        Self.append("MESSAGE", message, bytesMax: Self.messageBytesMax, to: &bytes)
        Self.append("PRIORITY", String(min(max(priority, 0), 7)), bytesMax: 1, to: &bytes)
        for (name, value) in fields.filter({ Self.isName($0.0) }).prefix(Self.fieldsMax) {
            Self.append(name, value, bytesMax: Self.valueBytesMax, to: &bytes)
        }
        // Addressed each time and not connected, so that a journal that was started anew still gets it.
        let sent: Void? = try? UnixSocket.withAddress(path) { (address, size) throws(SystemError) in
            try retrying("send to \(path)") {
                sendto(socket.number, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), address, size)
            }
        }
        return sent != nil
    }

    private static func append(_ name: String, _ value: String, bytesMax: Int, to bytes: inout [UInt8]) {
        let text = value.utf8.count <= bytesMax ? Array(value.utf8) : cut(value, to: bytesMax)
        bytes += Array(name.utf8)
        if text.contains(UInt8(ascii: "\n")) {
            // A newline would end it: such a value is told by its length, 64 bits, little-endian.
            bytes.append(UInt8(ascii: "\n"))
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: UInt64(text.count) >> ($0 * 8)) }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += text
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Cut where a character ends, so that it stays UTF-8.
    private static func cut(_ value: String, to bytesMax: Int) -> [UInt8] {
        let text = Array(value.utf8.prefix(bytesMax + 1))
        var end = bytesMax
        while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(text[..<end])
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x41...0x5A).contains(first) else { return false }
        return name.utf8.count <= nameBytesMax
            && name.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }
}
