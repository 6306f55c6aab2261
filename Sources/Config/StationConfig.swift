public import Domain

/// Everything `lofisup.toml` can say; a fresh value is the defaults.
public struct StationConfig: Sendable, Hashable {
    public var station = StationIdentity()
    public var generator = GeneratorConfig()
    /// Sources of music beside those that are built in.
    public var backends: [BackendConfig] = []
    public var audiocraft = AudiocraftConfig()
    /// Whom the backend `remote` asks.
    public var renderers: [RendererConfig] = []
    public var buffer = BufferConfig()
    public var evergreen = EvergreenConfig()
    public var feeder = FeederConfig()
    public var encoder = EncoderConfig()
    /// Where the stream is sent, besides the local HLS that is always made.
    public var destinations: [Destination] = []
    public var dashboard = DashboardConfig()
    public var renderServer = RenderServerConfig()
    public var supervisor = SupervisorConfig()
    /// The rotation: 1...100 prompts, `index` from 0 in order.
    public var prompts = Prompt.stationDefaults

    public init() {}

    /// Reads a file of at most 1 MiB.
    /// - Parameter mustExist: true for a file the operator named; otherwise a missing one means the defaults.
    /// - Throws: `missing`, `unreadable`, or `invalid` with every problem of the file.
    public static func load(file: String, mustExist: Bool) throws(ConfigError) -> StationConfig {
        guard let read = try BoundedFile.read(file, maximumBytes: 1 << 20) else {
            if mustExist { throw .missing(file: file) }
            return StationConfig()
        }
        guard let text = String(validating: read.bytes, as: UTF8.self) else {
            throw .unreadable(file: file, reason: "not UTF-8 text; save it as UTF-8")
        }
        return try parse(text, fileName: file)
    }

    /// Reads the text of a file.
    /// - Parameter fileName: how problems name the file.
    /// - Throws: `invalid` with every problem, in the order of the lines; a syntax error hides the others.
    public static func parse(_ text: String, fileName: String) throws(ConfigError) -> StationConfig {
        let root = try TOMLNode.parse(text, fileName: fileName)
        var reading = ConfigReading(
            fileName: fileName, lines: TOMLKeyLines(text), knownPaths: Self.keys.flatMap(\.paths))
        var config = StationConfig()
        config.read(root, at: "", &reading)
        if reading.problems.isEmpty { return config }
        throw .invalid(reading.problems.sorted { ($0.line, $0.message) < ($1.line, $1.message) })
    }
}

/// `[station]`: what the station calls itself.
public struct StationIdentity: Sendable, Hashable {
    public var name = "lofisup"
    /// The channel earns money, with advertisements or otherwise.
    public var monetised = false

    public init() {}
}

extension StationConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .section("station", \.station, why: "What the station calls itself."),
            .section("generator", \.generator, why: "Composing: who does it, and how a track has to sound."),
            .tables(
                "backends", \.backends, count: 0...32,
                why: "Sources of music beside those that are built in, one [[backends]] for each; none by default."
                    + "\nName it in [generator] backends, too. Keys:",
                example: BackendConfig(name: "chimes", command: ["/opt/chimes/chimes", "--bells", "5"]),
                named: \.name),
            .section("audiocraft", \.audiocraft, why: "MusicGen on this machine: audiocraft-small and its like."),
            .tables(
                "renderers", \.renderers, count: 0...32,
                why: "Other machines that compose, one [[renderers]] for each; none by default. They run"
                    + "\n`lofisup render-server`; name \"remote\" in [generator] backends to ask them. Keys:",
                example: RendererConfig(
                    name: "attic", url: "https://attic.example.org:8092", tokenFile: "/etc/lofisup/attic.token"),
                named: \.name),
            .section("buffer", \.buffer, why: "The shelf between composing and playing: how far ahead music is made."),
            .section("evergreen", \.evergreen, why: "What aired before, played again while the Buffer is empty."),
            .section("feeder", \.feeder, why: "How one track follows another."),
            .section("encoder", \.encoder, why: "Picture, bit rates and the local stream."),
            .section("dashboard", \.dashboard, why: "The web page: listen, watch, see what is wrong."),
            .section(
                "render_server", \.renderServer,
                why: "For `lofisup render-server` alone: composing for stations elsewhere."),
            .section("supervisor", \.supervisor, why: "How workers are stopped, restarted and given up on."),
            .tables(
                "destinations", \.destinations, count: 0...16,
                why: "Where the stream is sent, one [[destinations]] for each; none by default."
                    + "\nThe local stream for the dashboard is always made. Keys:",
                example: Destination(
                    name: "youtube", url: "rtmps://a.rtmps.youtube.com/live2", keyFile: "/etc/lofisup/youtube.key"),
                named: \.name),
            .tables(
                "prompts", \.promptTexts, count: 1...100,
                why: "The rotation, in order and round again. Your own [[prompts]] replace all of these."
                    + "\nThe synth has a setting of its own for each of the first ten places. Keys:",
                example: PromptText()),
        ]
    }

    func contradictions() -> [Contradiction] {
        var found: [Contradiction] = []
        if 2 * feeder.crossfadeSeconds > generator.trackSeconds {
            let reason =
                "a track of \(Manual.number(generator.trackSeconds)) s has both ends joined, which two"
                + " crossfades of \(Manual.number(feeder.crossfadeSeconds)) s do not fit; set crossfade_seconds to at"
                + " most \(Manual.number(generator.trackSeconds / 2))"
            found.append(Contradiction("feeder.crossfade_seconds", "generator.track_seconds", reason: reason))
        }
        found += backendContradictions() + rendererContradictions()
        var seen: [String: Int] = [:]
        for (index, destination) in destinations.enumerated() {
            if let first = seen[destination.name] {
                let reason = "both are \"\(destination.name)\"; give each destination a name of its own"
                let keys = ("destinations[\(index)].name", "destinations[\(first)].name")
                found.append(Contradiction(keys.0, keys.1, reason: reason))
            } else {
                seen[destination.name] = index
            }
        }
        return found
    }

    /// The prompts as the file holds them, without their places.
    private var promptTexts: [PromptText] {
        get { prompts.map { PromptText(name: $0.name, text: $0.text) } }
        set {
            prompts = newValue.enumerated().map {
                Prompt(index: $0.offset, name: $0.element.name, text: $0.element.text)
            }
        }
    }
}

extension StationIdentity: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .text(
                "name", \.name, "one line of text of at most 80 characters", why: "The name listeners see.",
                isAllowed: { !$0.isBlankOrBroken && $0.count <= 80 }),
            .flag(
                "monetised", \.monetised,
                why: "Whether the channel earns money. If so, backends whose licence forbids that are refused."),
        ]
    }
}

/// `[[prompts]]`: a prompt before it has a place.
private struct PromptText: ConfigRecord {
    var name = ""
    var text = ""

    static var keys: [ConfigKey<Self>] {
        [
            .text(
                "name", \.name, "one line of text of at most 80 characters", why: "What listeners see while it plays.",
                isRequired: true, isAllowed: { !$0.isBlankOrBroken && $0.count <= 80 }),
            .text(
                "text", \.text, "one line of text of at most 4096 bytes",
                why: "What the music is to be, in a model's words: instruments, mood, tempo.",
                isRequired: true, isAllowed: { !$0.isBlankOrBroken }),
        ]
    }
}
