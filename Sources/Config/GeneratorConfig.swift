/// `[generator]`: what composes, how much of it at once, and how a track has to sound.
public struct GeneratorConfig: Sendable, Hashable {
    /// Backends to ask, first choice first; each one is built in or in `[[backends]]`.
    public var backends = ["synth"]
    /// Generator processes; 0 makes none.
    public var count = 1
    /// Length of one track.
    public var trackSeconds = 60.0
    /// Time one prompt stays on air; a whole multiple of `trackSeconds`.
    public var promptSeconds = 3600.0
    /// Integrated loudness every track is brought to, in LUFS (EBU R 128).
    public var loudnessLufs = -16.0
    /// True peak no track exceeds, in dBTP.
    public var truePeakDbtp = -1.5
    /// Added to the generator's niceness.
    public var nice = 10
    /// Makes the music repeatable; nil draws a new one at each start.
    public var seed: UInt64?
    /// Tracks composed together at most.
    public var batchMax = 16
    /// Memory a backend is asked to keep within.
    public var memoryMax = ByteCount(bytes: 4_000_000_000)
    /// A backend that nothing was asked of for so long gives its memory back.
    public var unloadAfterSeconds = 600.0

    public init() {}

    /// The names a chain may hold without any `[[backends]]`.
    public static let builtInBackends = ["synth", "audiocraft-small", "audiocraft-medium", "remote"]
    /// Those of them whose licence forbids a monetised channel.
    static let nonCommercialBackends = ["audiocraft-small", "audiocraft-medium"]

    /// Tracks of one prompt before the next begins.
    public var tracksPerPrompt: Int { max(1, Int((promptSeconds / trackSeconds).rounded())) }
}

extension GeneratorConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .value(
                "backends", \.backends, "a list of one or more names, each once",
                why: "Who composes, first choice first; a backend that fails is passed over for the next."
                    + "\nThere are \(Self.builtIn), and those of [[backends]].",
                show: { "[\($0.map(Manual.quoted).joined(separator: ", "))]" }, parse: chain),
            .whole(
                "count", \.count, 0...10, "processes",
                why: "Generators at work at the same time; 0 makes no new music and plays what is there."),
            .number(
                "track_seconds", \.trackSeconds, 5...3600, "seconds",
                why:
                    "Length of one track. Short ones are ready sooner, long ones flow better: 60, 300 and 600 are usual."
            ),
            .number(
                "prompt_seconds", \.promptSeconds, 5...86_400, "seconds",
                why: "Time one prompt stays on air before the next; a whole multiple of track_seconds."),
            .number(
                "loudness_lufs", \.loudnessLufs, -30 ... -9, "LUFS",
                why: "Integrated loudness (EBU R 128) every track is brought to. YouTube turns down what is above -14."),
            .number(
                "true_peak_dbtp", \.truePeakDbtp, -9...0, "dBTP",
                why: "The true peak no track exceeds. Room below 0 keeps the AAC encoder from clipping."),
            .whole(
                "nice", \.nice, 0...19, "steps",
                why: "How far a generator stands back for the encoder when the processor is short; 0 is not at all."),
            .value(
                "seed", \.seed, "a whole number from 0 to \(Int.max)",
                why: "Makes the same music again, for tests and bug reports. Without one each start is new.",
                example: "42", show: { $0.map { String($0) } },
                parse: { node in
                    if case .whole(let seed) = node, seed >= 0 { .some(UInt64(seed)) } else { nil }
                }),
            .whole(
                "batch_max", \.batchMax, 1...64, "tracks",
                why: "Tracks that a model composes together at most. Many at once are faster by the track and take"
                    + "\nlonger until the first is there; while little music is left fewer are taken."),
            .size(
                "memory_max", \.memoryMax,
                why: "Memory a model is asked to keep within; it composes fewer tracks at once for it."),
            .number(
                "unload_after_seconds", \.unloadAfterSeconds, 0...86_400, "seconds",
                why: "A model that nothing was asked of for this time gives its memory back until it is needed."),
        ]
    }

    func contradictions() -> [Contradiction] {
        if promptSeconds < trackSeconds {
            let reason =
                "a prompt of \(Manual.number(promptSeconds)) s has no room for a track of"
                + " \(Manual.number(trackSeconds)) s; set prompt_seconds to a multiple of track_seconds"
            return [Contradiction("prompt_seconds", "track_seconds", reason: reason)]
        }
        let tracks = promptSeconds / trackSeconds
        if abs(tracks - tracks.rounded()) < 1e-6 { return [] }
        let below = Manual.number(tracks.rounded(.down) * trackSeconds)
        let above = Manual.number(tracks.rounded(.up) * trackSeconds)
        let reason =
            "\(Manual.number(promptSeconds)) s is no whole number of tracks of \(Manual.number(trackSeconds)) s;"
            + " set prompt_seconds = \(below) or \(above)"
        return [Contradiction("prompt_seconds", "track_seconds", reason: reason)]
    }

    private static var builtIn: String { builtInBackends.joined(separator: ", ") }

    private static func chain(_ node: TOMLNode) -> [String]? {
        guard case .array(let nodes) = node else { return nil }
        let names = nodes.compactMap {
            if case .text(let name) = $0, !name.isBlankOrBroken { name } else { nil }
        }
        return names.isEmpty || names.count != nodes.count || Set(names).count != names.count ? nil : names
    }
}
