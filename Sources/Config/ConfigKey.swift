/// One key of a record: its name, what it may hold, why it is there, and how it is read and written.
struct ConfigKey<Record: ConfigRecord> {
    let name: String
    /// What it may hold, to go after "must be".
    let allowed: String
    /// What the manual says of it, in whole sentences.
    let why: String
    var isRequired = false
    /// This key and those under it, as paths within the record.
    var paths: [String]
    /// Takes a value at a path into the record, or reports why not.
    let read: (TOMLNode, String, inout Record, inout ConfigReading) -> Void
    /// `name = value`; nil where the record holds no value.
    let setting: (Record) -> String?
    /// The part of the sample file about this key.
    let manual: (Record) -> String
    /// What is different in the second record, with the path of this key for its name.
    let changes: (String, Record, Record) -> [ConfigChange]

    /// A table of its own.
    static func section<Section: ConfigRecord>(
        _ name: String, _ field: WritableKeyPath<Record, Section>, why: String
    ) -> Self {
        Self(
            name: name, allowed: "a table", why: why,
            paths: [name] + Section.keys.flatMap(\.paths).map { "\(name).\($0)" },
            read: { node, path, record, reading in record[keyPath: field].read(node, at: path, &reading) },
            setting: { _ in nil },
            manual: { record in
                let keys = Section.keys.map { $0.manual(record[keyPath: field]) }
                return ([Manual.prose(why) + "[\(name)]\n"] + keys).joined(separator: "\n")
            },
            changes: { path, before, after in
                Section.changes(at: path, from: before[keyPath: field], to: after[keyPath: field])
            })
    }

    /// An array of tables, which replaces the default one as a whole.
    /// - Parameters:
    ///   - example: shown in the manual when there is none by default.
    ///   - named: what says that two tables are one and the same before and after a change; without it the place does,
    ///     and a change is told of the array as a whole.
    static func tables<Element: ConfigRecord>(
        _ name: String, _ field: WritableKeyPath<Record, [Element]>, count: ClosedRange<Int>, why: String,
        example: Element, named: KeyPath<Element, String>? = nil
    ) -> Self {
        let allowed = "\(count.lowerBound) to \(count.upperBound) tables, each under a [[\(name)]] of its own"
        return Self(
            name: name, allowed: allowed, why: why,
            paths: [name] + Element.keys.flatMap(\.paths).map { "\(name).\($0)" },
            read: { node, path, record, reading in
                guard case .array(let nodes) = node else {
                    return reading.refuse(path, "\(path) must be \(allowed); it is \(node.kind)")
                }
                if !count.contains(nodes.count) {
                    reading.refuse(path, "\(path) must be \(allowed); there are \(nodes.count)")
                }
                record[keyPath: field] = nodes.enumerated().map { index, node in
                    var element = Element()
                    element.read(node, at: "\(path)[\(index)]", &reading)
                    return element
                }
            },
            setting: { _ in nil },
            manual: { record in
                let elements = record[keyPath: field]
                let usual = Record()[keyPath: field]
                let isUsual = elements == usual
                let keys = Element.keys.map { Manual.prose("  \($0.name): \($0.why)\n    Must be \($0.allowed).") }
                let shown = elements.isEmpty ? [example] : elements
                let mark = elements.isEmpty ? "# " : isUsual ? "#" : ""
                let tables = shown.map { element in
                    (["[[\(name)]]"] + Element.keys.compactMap { $0.setting(element) })
                        .map { mark + $0 + "\n" }.joined()
                }
                return ([Manual.prose(why) + keys.joined()] + tables).joined(separator: "\n")
            },
            changes: { path, before, after in
                Element.changes(at: path, from: before[keyPath: field], to: after[keyPath: field], named: named)
            })
    }

    /// One value.
    /// - Parameters:
    ///   - example: a TOML value for the manual where the default is none.
    ///   - isPrivate: keeps what was written out of error messages, because it may be a key in the wrong place.
    ///   - show: the value in TOML; nil where there is none.
    ///   - parse: the value of a node; nil where it is not allowed.
    static func value<Value: Equatable>(
        _ name: String, _ field: WritableKeyPath<Record, Value>, _ allowed: String, why: String,
        example: String = "\"...\"", isPrivate: Bool = false, isRequired: Bool = false,
        show: @escaping (Value) -> String?, parse: @escaping (TOMLNode) -> Value?
    ) -> Self {
        let setting: (Record) -> String? = { record in
            let value = record[keyPath: field]
            if !isRequired, value == Record()[keyPath: field] { return nil }
            return show(value).map { "\(name) = \($0)" }
        }
        return Self(
            name: name, allowed: allowed, why: why, isRequired: isRequired, paths: [name],
            read: { node, path, record, reading in
                if let value = parse(node) {
                    record[keyPath: field] = value
                } else {
                    reading.refuse(path, "\(path) must be \(allowed)" + (isPrivate ? "" : "; it is \(node)"))
                }
            },
            setting: setting,
            manual: { record in
                let usual = show(Record()[keyPath: field])
                let text = Manual.prose("\(why)\nMust be \(allowed).")
                if let written = setting(record) {
                    return text + "# Default: \(usual ?? "none").\n\(written)\n"
                }
                return text
                    + (usual.map { "#\(name) = \($0)\n" } ?? "# Default: none. Example:\n# \(name) = \(example)\n")
            },
            changes: { path, before, after in
                let values = (before[keyPath: field], after[keyPath: field])
                if values.0 == values.1 { return [] }
                func shown(_ value: Value) -> String? { show(value).map { isPrivate ? ConfigChange.hidden : $0 } }
                return [ConfigChange(key: path, before: shown(values.0), after: shown(values.1))]
            })
    }
}

/// How the sample file spells things.
enum Manual {
    /// `text` as comment lines. A comment starts with "# "; a setting that is commented out with "#" alone.
    static func prose(_ text: String) -> String {
        text.split(separator: "\n").map { "# \($0)\n" }.joined()
    }

    /// `text` as a TOML string.
    static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\n": "\\n"
            case "\t": "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                "\\u" + String(repeating: "0", count: scalar.value < 0x10 ? 3 : 2) + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }

    /// `number` without a fraction that is zero.
    static func number(_ number: Double) -> String {
        Int(exactly: number).map { String($0) } ?? String(number)
    }
}
