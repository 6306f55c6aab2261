/// A table of the configuration. Its list of keys is the one place that says what they are: parsing, hints for
/// unknown keys and the sample file are all derived from it.
protocol ConfigRecord: Equatable {
    init()
    static var keys: [ConfigKey<Self>] { get }
    /// What each key allows by itself and the keys together do not.
    func contradictions() -> [Contradiction]
}

extension ConfigRecord {
    func contradictions() -> [Contradiction] { [] }
}

/// Values that cannot both be meant. The keys are paths within the record.
struct Contradiction {
    let keys: [String]
    /// Why, and what to set.
    let reason: String

    init(_ keys: String..., reason: String) {
        self.keys = keys
        self.reason = reason
    }
}

/// One pass over a file: where its keys stand, and what is wrong so far.
struct ConfigReading {
    let fileName: String
    let lines: TOMLKeyLines
    /// Every path there is, for hints.
    let knownPaths: [String]
    private(set) var problems: [ConfigProblem] = []
    private var refused: Set<String> = []

    init(fileName: String, lines: TOMLKeyLines, knownPaths: [String]) {
        self.fileName = fileName
        self.lines = lines
        self.knownPaths = knownPaths
    }

    /// - Parameter path: the key, which is known to hold no usable value from here on.
    mutating func refuse(_ path: String, _ message: String) {
        refused.insert(path)
        problems.append(ConfigProblem(file: fileName, line: lines.nearest(path), message: message))
    }

    mutating func refuse(_ contradiction: Contradiction, in table: String) {
        let paths = contradiction.keys.map { TOMLKeyLines.join(table, $0) }
        // A refused value left its default behind, which contradicts nothing that was written.
        if paths.contains(where: refused.contains) { return }
        let written = paths.first { lines[$0] != nil } ?? table
        let message = "\(paths.joined(separator: " and ")): \(contradiction.reason)"
        problems.append(ConfigProblem(file: fileName, line: lines.nearest(written), message: message))
    }
}

extension ConfigRecord {
    /// Takes every value of `node` and reports everything that is wrong with it.
    mutating func read(_ node: TOMLNode, at path: String, _ reading: inout ConfigReading) {
        guard case .table(let entries) = node else {
            return reading.refuse(path, "\(path) must be a table; it is \(node.kind)")
        }
        let keys = Self.keys
        for (name, value) in entries {
            let keyPath = TOMLKeyLines.join(path, name)
            if let key = keys.first(where: { $0.name == name }) {
                key.read(value, keyPath, &self, &reading)
            } else {
                let hint = NearestKey.hint(for: name, siblings: keys.map(\.name), paths: reading.knownPaths)
                reading.refuse(keyPath, "unknown key \(keyPath); \(hint)")
            }
        }
        for key in keys where key.isRequired && entries[key.name] == nil {
            let keyPath = TOMLKeyLines.join(path, key.name)
            reading.refuse(keyPath, "\(keyPath) is missing; it must be \(key.allowed)")
        }
        for contradiction in contradictions() { reading.refuse(contradiction, in: path) }
    }
}
