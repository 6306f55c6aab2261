/// A stream key or password that cannot be printed by accident: every description of it is `<secret>`.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    public init(_ value: String) { self.value = value }

    /// The secret itself. Hand it to whoever needs it; never to a log, an argument list or the dashboard.
    public var revealed: String { value }

    /// The secret as the user part of a URL spells it (RFC 3986).
    public var percentEncoded: String {
        value.unicodeScalars.map { scalar in
            if DestinationAddress.isUnreserved(scalar) { return String(scalar) }
            return String(scalar).utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
                .joined()
        }.joined()
    }

    public var description: String { "<secret>" }
    public var debugDescription: String { "<secret>" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Reads the one word of a file that only its owner may read.
    /// - Throws: `missing`, `unreadable`, `exposedSecret`, `unusableSecret`.
    public static func read(file: String) throws(ConfigError) -> Secret {
        try read(file, exposedBits: 0o077)
    }

    /// Reads a credential that systemd handed over in `$CREDENTIALS_DIRECTORY`.
    /// - Parameter environment: the process's own.
    /// - Throws: `noCredentialsDirectory`, or what `read(file:)` throws.
    public static func read(credential: String, environment: [String: String]) throws(ConfigError) -> Secret {
        guard let directory = environment["CREDENTIALS_DIRECTORY"], directory.hasPrefix("/") else {
            throw .noCredentialsDirectory(credential: credential)
        }
        // systemd grants a service its credentials by an ACL, whose mask shows as group bits that let nobody in.
        return try read("\(directory)/\(credential)", exposedBits: 0o007)
    }

    private static func read(_ file: String, exposedBits: UInt32) throws(ConfigError) -> Secret {
        guard let read = try BoundedFile.read(file, maximumBytes: 4096) else { throw .missingSecret(file: file) }
        if read.mode & exposedBits != 0 { throw .exposedSecret(file: file, mode: read.mode) }
        guard let text = String(validating: read.bytes, as: UTF8.self) else {
            throw .unusableSecret(file: file, reason: "not UTF-8 text")
        }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let word = words.first else { throw .unusableSecret(file: file, reason: "empty") }
        if words.count > 1 { throw .unusableSecret(file: file, reason: "more than one word") }
        if word.utf8.contains(where: { !(0x21...0x7E).contains($0) }) {
            throw .unusableSecret(file: file, reason: "a character outside printable ASCII")
        }
        return Secret(String(word))
    }
}
