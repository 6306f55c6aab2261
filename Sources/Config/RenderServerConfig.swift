internal import Glibc

/// `[render_server]`: what `lofisup render-server` offers, and to whom.
public struct RenderServerConfig: Sendable, Hashable {
    /// Address to listen on.
    public var host = "127.0.0.1"
    /// TCP port; 0 takes any free one.
    public var port = 8092
    /// Absolute path of a 0600 file that holds the token.
    public var tokenFile: String?
    /// Name of a systemd credential that holds the token.
    public var tokenCredential: String?
    /// Backends to ask, first choice first, as in `[generator]`.
    public var backends = ["synth"]
    /// Tracks that may wait or be under way.
    public var queueTracksMax = 256
    /// Where jobs and their tracks are kept; nil is `render` in the station's state directory.
    public var directory: String?
    /// How long a finished job is kept for its client.
    public var keepHours = 48.0
    /// What all jobs together may take.
    public var diskMax = ByteCount(bytes: 20_000_000_000)

    public init() {}

    /// True where only this machine can connect.
    public var isLoopback: Bool { RendererAddress.isLoopback(host) }

    /// The token, read now; nil where none is configured.
    /// - Parameter environment: the process's own, for `$CREDENTIALS_DIRECTORY`.
    public func token(environment: [String: String]) throws(ConfigError) -> Secret? {
        try Secret.token(file: tokenFile, credential: tokenCredential, environment: environment)
    }
}

extension RenderServerConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .text(
                "host", \.host, "an IPv4 or IPv6 address, or \"localhost\"",
                why: "Address to listen on. Any that others reach needs a token; TLS is a proxy's task.",
                isAllowed: RendererAddress.isAddress),
            .whole("port", \.port, 0...65_535, "a TCP port", why: "Where to listen; 0 takes any free one."),
            .tokenFile(\.tokenFile, why: "A file that holds the token clients must show, readable by its owner alone."),
            .tokenCredential(\.tokenCredential),
            .value(
                "backends", \.backends, "a list of one or more names, each once",
                why: "Who composes, first choice first, as in [generator].",
                show: { "[\($0.map(Manual.quoted).joined(separator: ", "))]" }, parse: Self.chain),
            .whole(
                "queue_tracks_max", \.queueTracksMax, 1...10_000, "tracks",
                why: "Tracks that may wait or be under way; more are turned away for a while."),
            .optionalText(
                "directory", \.directory, "an absolute path",
                why: "Where jobs and their tracks are kept. Without one: render in the state directory.",
                example: "/var/lib/lofisup/render", isAllowed: \.isAbsolutePath),
            .number(
                "keep_hours", \.keepHours, 0.001...8760, "hours",
                why: "How long a finished job is kept for a client that does not come for it."),
            .size("disk_max", \.diskMax, why: "What all jobs together may take on disk; more are turned away."),
        ]
    }

    func contradictions() -> [Contradiction] {
        var found: [Contradiction] = []
        if tokenFile != nil, tokenCredential != nil {
            let reason = "there is one token; remove one of the two"
            found.append(Contradiction("token_file", "token_credential", reason: reason))
        }
        if !isLoopback, tokenFile == nil, tokenCredential == nil {
            let reason =
                "others reach \(host), so clients must show a token; set token_file (or token_credential), or"
                + " host = \"127.0.0.1\""
            found.append(Contradiction("host", "token_file", reason: reason))
        }
        if backends.contains("remote") {
            let reason = "a renderer does not ask renderers; name what composes on this machine"
            found.append(Contradiction("backends", reason: reason))
        }
        return found
    }

    private static func chain(_ node: TOMLNode) -> [String]? {
        guard case .array(let nodes) = node else { return nil }
        let names = nodes.compactMap { if case .text(let name) = $0, !name.isBlankOrBroken { name } else { nil } }
        return names.isEmpty || names.count != nodes.count || Set(names).count != names.count ? nil : names
    }
}

extension ConfigKey {
    static func tokenFile(_ field: WritableKeyPath<Record, String?>, why: String) -> Self {
        .optionalText(
            "token_file", field, "an absolute path", why: "\(why)\nAt least 16 characters: openssl rand -hex 32",
            example: "/etc/lofisup/render.token", isPrivate: true, isAllowed: \.isAbsolutePath)
    }

    static func tokenCredential(_ field: WritableKeyPath<Record, String?>) -> Self {
        .optionalText(
            "token_credential", field, "the name of a credential: letters, digits, dots, dashes, underscores",
            why: "Instead of token_file: the NAME of LoadCredential=NAME:/path in the unit.", example: "render",
            isPrivate: true,
            isAllowed: { name in
                !name.isBlankOrBroken && !name.hasPrefix(".")
                    && name.unicodeScalars.allSatisfy { DestinationAddress.isUnreserved($0) }
            })
    }
}

extension Secret {
    /// A renderer's token; nil where neither place is given.
    static func token(
        file: String?, credential: String?, environment: [String: String]
    ) throws(ConfigError) -> Secret? {
        let token: Secret
        if let file {
            token = try .read(file: file)
        } else if let credential {
            token = try .read(credential: credential, environment: environment)
        } else {
            return nil
        }
        guard (16...512).contains(token.revealed.utf8.count) else {
            let reason = "a token has 16 to 512 characters; make one with: openssl rand -hex 32"
            throw .unusableSecret(file: file ?? credential ?? "", reason: reason)
        }
        return token
    }
}
