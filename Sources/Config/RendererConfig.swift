/// `[[renderers]]`: a `lofisup render-server`, or anything that speaks as one, that composes for the backend `remote`.
public struct RendererConfig: Sendable, Hashable {
    /// Unique; lower-case letters, digits and dashes.
    public var name = ""
    /// https://, or http:// on this machine.
    public var url = ""
    /// Absolute path of a 0600 file that holds the token.
    public var tokenFile: String?
    /// Name of a systemd credential that holds the token.
    public var tokenCredential: String?
    /// Absolute path of the certificates to trust instead of the system's.
    public var certificateFile: String?
    /// http:// to another machine is meant.
    public var insecure = false

    public init() {}

    public init(name: String, url: String, tokenFile: String? = nil) {
        self.name = name
        self.url = url
        self.tokenFile = tokenFile
    }

    /// The token, read now, so that a new one counts from the next request on; nil where none is configured.
    /// - Parameter environment: the process's own, for `$CREDENTIALS_DIRECTORY`.
    public func token(environment: [String: String]) throws(ConfigError) -> Secret? {
        try Secret.token(file: tokenFile, credential: tokenCredential, environment: environment)
    }
}

extension RendererConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .text(
                "name", \.name, "1 to 32 lower-case letters, digits or dashes",
                why: "What the log and the status call it; each has its own.", isRequired: true,
                isAllowed: { name in
                    (1...32).contains(name.utf8.count)
                        && name.utf8.allSatisfy { Array("abcdefghijklmnopqrstuvwxyz0123456789-".utf8).contains($0) }
                }),
            .text(
                "url", \.url, "https:// or http://, a host, perhaps a port and a path",
                why: "Where it answers. http:// is for this machine; beyond it tokens and music need TLS.",
                isPrivate: true, isRequired: true, isAllowed: { RendererAddress($0) != nil }),
            .tokenFile(\.tokenFile, why: "A file that holds the renderer's token, readable by its owner alone."),
            .tokenCredential(\.tokenCredential),
            .optionalText(
                "certificate_file", \.certificateFile, "an absolute path",
                why:
                    "Trusts the certificates in this file (PEM) instead of the system's, for an authority of your own.",
                example: "/etc/lofisup/renderer-ca.pem", isAllowed: \.isAbsolutePath),
            .flag(
                "insecure", \.insecure,
                why: "Allows http:// to another machine: whoever listens on the way reads the token."),
        ]
    }

    func contradictions() -> [Contradiction] {
        var found: [Contradiction] = []
        if tokenFile != nil, tokenCredential != nil {
            let reason = "there is one token; remove one of the two"
            found.append(Contradiction("token_file", "token_credential", reason: reason))
        }
        if let address = RendererAddress(url), !address.isSecure, !address.isLoopback, !insecure {
            let reason =
                "http:// to another machine shows the token and the music to whoever listens; use https://, or"
                + " insecure = true on a network of your own"
            found.append(Contradiction("url", reason: reason))
        }
        return found
    }
}

// What [[renderers]] and [generator] backends must agree on.
extension StationConfig {
    func rendererContradictions() -> [Contradiction] {
        var seen: [String: Int] = [:]
        var found: [Contradiction] = renderers.enumerated().compactMap { index, renderer in
            guard let first = seen[renderer.name] else {
                seen[renderer.name] = index
                return nil
            }
            return Contradiction(
                "renderers[\(index)].name", "renderers[\(first)].name",
                reason: "both are \"\(renderer.name)\"; give each renderer a name of its own")
        }
        if renderers.isEmpty, generator.backends.contains("remote") {
            found.append(
                Contradiction(
                    "generator.backends", reason: "\"remote\" asks the [[renderers]], and there is none; add one"))
        }
        return found
    }
}
