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
    public var kind: Kind? {
        if url.hasPrefix("/") {
            return [".flv", ".ts", ".mkv"].contains { url.hasSuffix($0) } ? .file : nil
        }
        switch url.prefix(while: { $0 != ":" }) {
        case "rtmp", "rtmps": return .rtmp
        case "srt": return .srt
        case "icecast": return .icecast
        default: return nil
        }
    }
}
