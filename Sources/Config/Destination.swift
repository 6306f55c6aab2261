/// `[[destinations]]`: one place the stream is sent to.
public struct Destination: Sendable, Hashable {
    /// Unique; lower-case letters, digits and dashes.
    public var name = ""
    /// rtmp://, rtmps://, srt:// or icecast:// without the key, or the absolute path of a .flv, .ts or .mkv file.
    public var url = ""
    /// Absolute path of a 0600 file that holds the key.
    public var keyFile: String?
    /// Name of a systemd credential that holds the key.
    public var keyCredential: String?
    public var enabled = true

    public init() {}

    public init(
        name: String, url: String, keyFile: String? = nil, keyCredential: String? = nil, enabled: Bool = true
    ) {
        self.name = name
        self.url = url
        self.keyFile = keyFile
        self.keyCredential = keyCredential
        self.enabled = enabled
    }

    public enum Kind: Sendable, Hashable {
        /// rtmp:// or rtmps://
        case rtmp
        case srt
        case icecast
        /// An absolute path.
        case file
    }

    /// What `url` is; nil for what the station cannot send to.
    public var kind: Kind? { DestinationAddress(url)?.kind }

    /// The key, read now from its file or credential, so that a new one counts from the next connection on; nil where
    /// none is configured. It is handed to ffmpeg on a descriptor, never in the address.
    /// - Parameter environment: the process's own, for `$CREDENTIALS_DIRECTORY`.
    /// - Throws: what reading the secret throws; `unusableSecret` for a key the protocol cannot carry.
    public func key(environment: [String: String]) throws(ConfigError) -> Secret? {
        let key: Secret
        if let keyFile {
            key = try .read(file: keyFile)
        } else if let keyCredential {
            key = try .read(credential: keyCredential, environment: environment)
        } else {
            return nil
        }
        if kind == .srt, !(10...79).contains(key.revealed.utf8.count) {
            let reason = "an SRT passphrase has 10 to 79 characters"
            throw .unusableSecret(file: keyFile ?? keyCredential ?? "", reason: reason)
        }
        return key
    }
}

extension Destination: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .text(
                "name", \.name, "1 to 32 lower-case letters, digits or dashes",
                why: "What the dashboard and `lofisup ctl` call it; each has its own.", isPrivate: true,
                isRequired: true,
                isAllowed: { name in
                    (1...32).contains(name.utf8.count)
                        && name.utf8.allSatisfy { Array("abcdefghijklmnopqrstuvwxyz0123456789-".utf8).contains($0) }
                }),
            .text(
                "url", \.url,
                "rtmp://, rtmps://, srt:// or icecast:// and a host, or the absolute path of a .flv, .ts or .mkv file",
                why:
                    "Where to send to, without the key. A file gets the time into its name: each connection has its own.",
                isPrivate: true, isRequired: true,
                isAllowed: { DestinationAddress($0) != nil }),
            .optionalText(
                "key_file", \.keyFile, "an absolute path",
                why: "A file that holds the key and nothing else, readable by its owner alone (chmod 600).",
                example: "/etc/lofisup/youtube.key", isPrivate: true, isAllowed: \.isAbsolutePath),
            .optionalText(
                "key_credential", \.keyCredential,
                "the name of a credential: letters, digits, dots, dashes, underscores",
                why: "Instead of key_file: the NAME of LoadCredential=NAME:/path in the unit.",
                example: "youtube", isPrivate: true,
                isAllowed: { name in
                    !name.isBlankOrBroken && !name.hasPrefix(".")
                        && name.unicodeScalars.allSatisfy { DestinationAddress.isUnreserved($0) }
                }),
            .flag("enabled", \.enabled, why: "Whether the stream is sent there."),
        ]
    }

    func contradictions() -> [Contradiction] {
        guard let address = DestinationAddress(url) else { return [] }
        var found: [Contradiction] = []
        if let place = address.writtenKey {
            let reason =
                "\(place); it would be shown wherever the URL is: put the key alone into a file, run chmod 600"
                + " on it, and set url = \"\(address.withoutKey)\" and key_file = \"/path/of/that/file\""
            found.append(Contradiction("url", reason: reason))
        }
        if keyFile != nil, keyCredential != nil {
            found.append(Contradiction("key_file", "key_credential", reason: "there is one key; remove one of the two"))
        }
        let hasKey = keyFile != nil || keyCredential != nil
        if hasKey, address.kind == .file {
            let key = keyFile != nil ? "key_file" : "key_credential"
            found.append(Contradiction(key, "url", reason: "a file takes no key; remove \(key)"))
        }
        if !hasKey, enabled, address.isKnownHost, address.writtenKey == nil {
            let reason = "\(address.host) takes no stream without a key; set key_file (or key_credential)"
            found.append(Contradiction("url", "key_file", reason: reason))
        }
        return found
    }
}
