/// `[audiocraft]`: how the backends audiocraft-small, audiocraft-medium and those with a model of their own run.
public struct AudiocraftConfig: Sendable, Hashable {
    /// A Python that can import AudioCraft; nil takes the environment of `lofisup backend install audiocraft`.
    public var python: String?
    public var precision = AudiocraftPrecision.int8
    public var device = AudiocraftDevice.auto

    public init() {}
}

/// What the model's weights are kept in.
public enum AudiocraftPrecision: String, Sendable, Hashable, CaseIterable {
    /// Whole numbers of eight bits: several times as fast on a processor, nearly the same music.
    case int8
    /// As AudioCraft has them: the same tracks as AudioCraft's own.
    case fp32
}

/// Where the model runs.
public enum AudiocraftDevice: String, Sendable, Hashable, CaseIterable {
    case auto, cpu, cuda
}

extension AudiocraftConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .optionalText(
                "python", \.python, "an absolute path",
                why: "The Python of an environment that has AudioCraft; it is left as it is."
                    + "\nWithout it: the one that `lofisup backend install audiocraft` makes.",
                example: "/home/you/audiocraft/bin/python", isAllowed: \.isAbsolutePath),
            .choice(
                "precision", \.precision,
                why: "int8 is several times as fast on a processor and nearly the same music; fp32 is AudioCraft's own."
            ),
            .choice("device", \.device, why: "Where the model runs; auto takes a GPU where there is one."),
        ]
    }
}
