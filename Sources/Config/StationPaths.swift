/// Where the station keeps its files. All paths are absolute.
public struct StationPaths: Sendable, Hashable {
    public let configFile: String
    public let stateDirectory: String
    public let runtimeDirectory: String
    public let cacheDirectory: String

    /// The control socket.
    public var controlSocket: String { runtimeDirectory + "/lofisup.sock" }
    /// Where the encoder takes sound from the feeder.
    public var feedSocket: String { runtimeDirectory + "/feed.sock" }
    /// The local HLS.
    public var hlsDirectory: String { runtimeDirectory + "/hls" }
    /// The directory in which the Buffer makes `audio_buffer`.
    public var bufferDirectory: String { stateDirectory }
    public var playheadFile: String { stateDirectory + "/playhead.json" }
    /// The configuration as the workers read it.
    public var workerConfigFile: String { runtimeDirectory + "/lofisup.toml" }
    /// What one life of the supervisor leaves to the next.
    public var handoverFile: String { runtimeDirectory + "/supervisor.json" }
    /// What has happened to the station, one JSON object a line.
    public var eventsFile: String { stateDirectory + "/events.jsonl" }
    /// How each worker's last lives ended.
    public var exitsFile: String { stateDirectory + "/exits.json" }
    /// Held by the one supervisor of this station.
    public var lockFile: String { runtimeDirectory + "/lofisup.lock" }

    /// A station with everything under one directory: `config/lofisup.toml`, `state`, `run`, `cache`.
    /// - Parameter root: an absolute path.
    /// - Throws: `socketPathTooLong`; `unusableRoot` for a relative path.
    public init(root: String) throws(ConfigError) {
        guard root.isAbsolutePath else { throw .unusableRoot(root) }
        try self.init { place throws(ConfigError) in "\(root)/\(place.rootName)" }
    }

    /// Finds the station's directories: under `root` if there is one; else each one where systemd's variable for it
    /// says; else where root's belong in the file system; else where the XDG directories of the user are.
    /// - Parameters:
    ///   - root: what the operator gave as `--root`, absolute or from `workingDirectory`.
    ///   - environment: the process's own.
    ///   - userID: the effective one.
    /// - Throws: `socketPathTooLong`; `unusableRoot`; `noPlace` where nothing says where a directory is.
    public init(
        root: String?, workingDirectory: String, environment: [String: String], userID: UInt32
    ) throws(ConfigError) {
        if let root {
            // An empty one is a variable that was not set, not the working directory.
            let isWhole = root.isEmpty || root.hasPrefix("/")
            try self.init(root: isWhole ? root : "\(workingDirectory)/\(root)")
        } else {
            try self.init { place throws(ConfigError) in try place.directory(environment, userID: userID) }
        }
    }

    private init(_ find: (Place) throws(ConfigError) -> String) throws(ConfigError) {
        configFile = try Self.plain(find(.config)) + "/lofisup.toml"
        stateDirectory = try Self.plain(find(.state))
        runtimeDirectory = try Self.plain(find(.runtime))
        cacheDirectory = try Self.plain(find(.cache))
        for socket in [controlSocket, feedSocket] where socket.utf8.count > Self.socketPathBytesMax {
            throw .socketPathTooLong(path: socket, bytes: socket.utf8.count, maximum: Self.socketPathBytesMax)
        }
    }

    /// sun_path has 108 bytes, the last of which is a zero.
    private static let socketPathBytesMax = 107

    /// `path` without doubled or trailing slashes and without `.` components.
    private static func plain(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// Makes the directories that are not there, for the owner and, to read, the group (0750).
    /// - Parameter includingConfiguration: also the one of `configFile`, which only `lofisup init` writes to.
    /// - Throws: `unusableDirectory` for the first that cannot be made or written to.
    public func prepare(includingConfiguration: Bool = false) throws(ConfigError) {
        var directories = [stateDirectory, runtimeDirectory, cacheDirectory, hlsDirectory]
        if includingConfiguration {
            directories.append("/" + configFile.split(separator: "/").dropLast().joined(separator: "/"))
        }
        for directory in directories { try StationDirectory.make(directory) }
    }
}

/// One of the four directories a station needs.
private enum Place {
    case config, state, runtime, cache

    /// Its name under `--root`.
    var rootName: String {
        switch self {
        case .config: "config"
        case .state: "state"
        case .runtime: "run"
        case .cache: "cache"
        }
    }

    var unitVariable: String {
        switch self {
        case .config: "CONFIGURATION_DIRECTORY"
        case .state: "STATE_DIRECTORY"
        case .runtime: "RUNTIME_DIRECTORY"
        case .cache: "CACHE_DIRECTORY"
        }
    }

    var systemDirectory: String {
        switch self {
        case .config: "/etc/lofisup"
        case .state: "/var/lib/lofisup"
        case .runtime: "/run/lofisup"
        case .cache: "/var/cache/lofisup"
        }
    }

    func directory(_ environment: [String: String], userID: UInt32) throws(ConfigError) -> String {
        // systemd lists several directories with colons; the first is the main one.
        if let given = environment[unitVariable]?.split(separator: ":").first, given.hasPrefix("/") {
            return String(given)
        }
        if userID == 0 { return systemDirectory }
        // The XDG base directory specification: a variable that is not absolute counts as not set.
        let (variable, home): (String, String)
        switch self {
        case .config: (variable, home) = ("XDG_CONFIG_HOME", ".config")
        case .state: (variable, home) = ("XDG_STATE_HOME", ".local/state")
        case .cache: (variable, home) = ("XDG_CACHE_HOME", ".cache")
        case .runtime:
            if let base = environment["XDG_RUNTIME_DIR"], base.hasPrefix("/") { return "\(base)/lofisup" }
            return try Place.state.directory(environment, userID: userID) + "/run"
        }
        if let base = environment[variable], base.hasPrefix("/") { return "\(base)/lofisup" }
        if let base = environment["HOME"], base.hasPrefix("/") { return "\(base)/\(home)/lofisup" }
        throw .noPlace(directory: rootName, variables: [unitVariable, variable, "HOME"])
    }
}
