/// One thing wrong with a configuration file.
public struct ConfigProblem: Sendable, Hashable, CustomStringConvertible {
    /// As the operator named it.
    public let file: String
    /// From 1.
    public let line: Int
    /// What is wrong, with the key's path and what to write instead. Never holds a secret.
    public let message: String

    public init(file: String, line: Int, message: String) {
        self.file = file
        self.line = line
        self.message = message
    }

    public var description: String { "\(file):\(line): \(message)" }
}

/// What keeps the configuration, a secret or the station's directories from being used.
public enum ConfigError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Every problem of a file, in the order of its lines; at least one.
    case invalid([ConfigProblem])
    /// A file named by the operator is not there.
    case missing(file: String)
    /// A file is there and cannot be read.
    case unreadable(file: String, reason: String)
    /// A key file or credential named in the configuration is not there.
    case missingSecret(file: String)
    /// Somebody else may read a file that holds a secret.
    case exposedSecret(file: String, mode: UInt32)
    /// A file does not hold one usable secret.
    case unusableSecret(file: String, reason: String)
    /// A credential was asked for outside a unit that hands it over.
    case noCredentialsDirectory(credential: String)
    /// `--root` names no directory.
    case unusableRoot(String)
    /// Nothing says where a directory of the station is.
    case noPlace(directory: String, variables: [String])
    /// A Unix socket's path is longer than the kernel takes.
    case socketPathTooLong(path: String, bytes: Int, maximum: Int)
    /// A directory of the station cannot be made or written to.
    case unusableDirectory(path: String, reason: String)

    /// The problems of `invalid`; empty for every other case.
    public var problems: [ConfigProblem] {
        if case .invalid(let problems) = self { return problems }
        return []
    }

    public var description: String {
        switch self {
        case .invalid(let problems):
            problems.map(\.description).joined(separator: "\n")
        case .missing(let file):
            "\(file): no such file; `lofisup init` writes one"
        case .unreadable(let file, let reason):
            "\(file): \(reason)"
        case .missingSecret(let file):
            "\(file): no such file; write the key into it, alone on one line, and run: chmod 600 '\(file)'"
        case .exposedSecret(let file, let mode):
            "\(file): others may read this secret (mode 0\(String(mode, radix: 8))); run: chmod 600 '\(file)'"
        case .unusableSecret(let file, let reason):
            "\(file): \(reason); put the key, and nothing else, on one line of the file"
        case .noCredentialsDirectory(let credential):
            "key_credential \(credential): $CREDENTIALS_DIRECTORY is not set; name it in the unit"
                + " (LoadCredential=\(credential):/path/of/the/key) or use key_file"
        case .unusableRoot(let root):
            "--root \(Manual.quoted(root)): must be the path of a directory"
        case .noPlace(let directory, let variables):
            "no place for the \(directory) directory: none of \(variables.map { "$" + $0 }.joined(separator: ", "))"
                + " is an absolute path; give --root DIR"
        case .socketPathTooLong(let path, let bytes, let maximum):
            "\(path): a socket's path has at most \(maximum) bytes, this one has \(bytes); give a shorter --root DIR"
        case .unusableDirectory(let path, let reason):
            "\(path): \(reason); run: install -d -m 0750 -o \"$(id -un)\" '\(path)' (with sudo where needed),"
                + " or give --root DIR"
        }
    }
}
