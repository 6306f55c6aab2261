/// `[[backends]]`: a source of music beside those that are built in: a program of the operator's, or another MusicGen
/// model for the AudioCraft backend.
public struct BackendConfig: Sendable, Hashable {
    /// Unique; lower-case letters, digits and dashes; none of the built-in names.
    public var name = ""
    /// A program that speaks the plug-in protocol, and its arguments.
    public var command: [String]?
    /// A MusicGen model by the name AudioCraft gives it, or the absolute path of its directory.
    public var model: String?

    public init() {}

    public init(name: String, command: [String]) {
        self.name = name
        self.command = command
    }

    public init(name: String, model: String) {
        self.name = name
        self.model = model
    }

    /// What is known of its licence before it is asked: Meta's weights are CC-BY-NC 4.0.
    var isKnownNonCommercial: Bool { model?.hasPrefix("facebook/") ?? false }
}

extension BackendConfig: ConfigRecord {
    static var keys: [ConfigKey<Self>] {
        [
            .text(
                "name", \.name, "1 to 32 lower-case letters, digits or dashes",
                why: "What [generator] backends and every track's provenance call it; each has its own.",
                isRequired: true,
                isAllowed: { name in
                    (1...32).contains(name.utf8.count)
                        && name.utf8.allSatisfy { Array("abcdefghijklmnopqrstuvwxyz0123456789-".utf8).contains($0) }
                }),
            .value(
                "command", \.command, "a list of 1 to 64 texts, the first one an absolute path",
                why: "A program that makes tracks, and its arguments; plugins/README.md says how it is talked to.",
                example: "[\"/opt/chimes/chimes\", \"--bells\", \"5\"]",
                show: { $0.map { "[\($0.map(Manual.quoted).joined(separator: ", "))]" } }, parse: words),
            .optionalText(
                "model", \.model, "a model's name such as \"facebook/musicgen-stereo-small\", or an absolute path",
                why: "Instead of a command: a MusicGen model for the AudioCraft backend, which [audiocraft] sets up.",
                example: "facebook/musicgen-stereo-small",
                isAllowed: { !$0.isBlankOrBroken && !$0.hasPrefix("-") && !$0.contains { $0.isWhitespace } }),
        ]
    }

    func contradictions() -> [Contradiction] {
        var found: [Contradiction] = []
        if GeneratorConfig.builtInBackends.contains(name) {
            found.append(Contradiction("name", reason: "\"\(name)\" is built in; give this one another name"))
        }
        if command == nil, model == nil {
            found.append(Contradiction("command", "model", reason: "set one of the two"))
        }
        if command != nil, model != nil {
            found.append(Contradiction("command", "model", reason: "a backend is one or the other; remove one"))
        }
        return found
    }

    private static func words(_ node: TOMLNode) -> [String]?? {
        guard case .array(let nodes) = node, (1...64).contains(nodes.count) else { return nil }
        let words = nodes.compactMap { node in
            // An argument may be empty; the kernel takes none with a zero in it, and the log none over lines.
            if case .text(let word) = node, word.isEmpty || !word.isBlankOrBroken { word } else { nil }
        }
        return words.count == nodes.count && words[0].isAbsolutePath ? .some(words) : nil
    }
}
