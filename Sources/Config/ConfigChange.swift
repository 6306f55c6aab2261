/// One key that two configurations do not have the same.
public struct ConfigChange: Sendable, Hashable {
    /// The key's path: `generator.track_seconds`; `destinations.youtube.url`, by the destination's name; `prompts` as a
    /// whole.
    public let key: String
    /// As in TOML, or `(private)` for what may hold a secret; nil where there is none.
    public let before: String?
    public let after: String?

    public init(key: String, before: String?, after: String?) {
        self.key = key
        self.before = before
        self.after = after
    }

    /// Stands for a value that is not shown.
    static let hidden = "(private)"
}

extension StationConfig {
    /// What is different in `other`, in the order of the sample file. Empty for two that mean the same: the order of
    /// the destinations does not count.
    public func changes(to other: StationConfig) -> [ConfigChange] { Self.changes(at: "", from: self, to: other) }

    /// The paths of all keys that hold a value, in the order of the sample file: `destinations.url`, `prompts.text`.
    public static var keyPaths: [String] {
        let paths = keys.flatMap(\.paths)
        return paths.filter { path in !paths.contains { $0.hasPrefix(path + ".") } }
    }
}

extension ConfigRecord {
    /// What is different in `after`, as paths under `path`.
    static func changes(at path: String, from before: Self, to after: Self) -> [ConfigChange] {
        keys.flatMap { $0.changes(TOMLKeyLines.join(path, $0.name), before, after) }
    }

    /// What is different between two arrays of tables.
    static func changes(
        at path: String, from before: [Self], to after: [Self], named: KeyPath<Self, String>?
    ) -> [ConfigChange] {
        guard let named else { return changesOfPlace(at: path, from: before, to: after) }
        let names = before.map { $0[keyPath: named] } + after.map { $0[keyPath: named] }
        var told: Set<String> = []
        return names.filter { told.insert($0).inserted }.flatMap { name -> [ConfigChange] in
            let pair = (before.first { $0[keyPath: named] == name }, after.first { $0[keyPath: named] == name })
            let here = TOMLKeyLines.join(path, name)
            switch pair {
            case (let old?, let new?): return changes(at: here, from: old, to: new)
            case (nil, let new?): return [ConfigChange(key: here, before: nil, after: ConfigChange.table(of: new))]
            case (let old?, nil): return [ConfigChange(key: here, before: ConfigChange.table(of: old), after: nil)]
            case (nil, nil): return []
            }
        }
    }

    private static func changesOfPlace(at path: String, from before: [Self], to after: [Self]) -> [ConfigChange] {
        if before == after { return [] }
        let first = zip(before, after).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        let different = (first ?? min(before.count, after.count)) + 1
        return [
            ConfigChange(
                key: path, before: "\(before.count) tables",
                after: "\(after.count) tables, different from number \(different) on")
        ]
    }
}

extension ConfigChange {
    /// The keys that a table sets, without what they are set to: a new table is seldom told in one line.
    fileprivate static func table<Record: ConfigRecord>(of record: Record) -> String {
        let keys = Record.keys.filter { $0.setting(record) != nil }.map(\.name)
        return "a table with \(keys.joined(separator: ", "))"
    }
}
