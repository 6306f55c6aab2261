// The kinds of value a key can hold.
extension ConfigKey {
    /// A number; a whole one may be written without a fraction.
    static func number(
        _ name: String, _ field: WritableKeyPath<Record, Double>, _ range: ClosedRange<Double>, _ unit: String,
        why: String
    ) -> Self {
        let limits = "from \(Manual.number(range.lowerBound)) to \(Manual.number(range.upperBound))"
        return value(name, field, "a number \(limits) (\(unit))", why: why, show: Manual.number) { node in
            switch node {
            case .whole(let whole) where range.contains(Double(whole)): Double(whole)
            case .number(let number) where range.contains(number): number
            default: nil
            }
        }
    }

    static func whole(
        _ name: String, _ field: WritableKeyPath<Record, Int>, _ range: ClosedRange<Int>, _ unit: String,
        isEven: Bool = false, why: String
    ) -> Self {
        let kind = isEven ? "an even number" : "a whole number"
        let allowed = "\(kind) from \(range.lowerBound) to \(range.upperBound) (\(unit))"
        return value(name, field, allowed, why: why, show: { String($0) }) { node in
            guard case .whole(let whole) = node, range.contains(whole), !isEven || whole % 2 == 0 else { return nil }
            return whole
        }
    }

    static func flag(_ name: String, _ field: WritableKeyPath<Record, Bool>, why: String) -> Self {
        value(name, field, "true or false", why: why, show: { String($0) }) { node in
            if case .flag(let flag) = node { flag } else { nil }
        }
    }

    static func choice<Choice: RawRepresentable<String> & CaseIterable & Equatable>(
        _ name: String, _ field: WritableKeyPath<Record, Choice>, why: String
    ) -> Self {
        let choices = Choice.allCases.map { Manual.quoted($0.rawValue) }.joined(separator: " or ")
        return value(name, field, choices, why: why, show: { Manual.quoted($0.rawValue) }) { node in
            if case .text(let text) = node { Choice(rawValue: text) } else { nil }
        }
    }

    static func size(
        _ name: String, _ field: WritableKeyPath<Record, ByteCount>, why: String
    ) -> Self {
        let allowed = "a size such as \"5GB\", \"500 MiB\" or a whole number of bytes"
        return value(name, field, allowed, why: why, show: { Manual.quoted($0.description) }) { node in
            switch node {
            case .text(let text): ByteCount(text)
            case .whole(let bytes) where bytes >= 0: ByteCount(bytes: bytes)
            default: nil
            }
        }
    }

    static func text(
        _ name: String, _ field: WritableKeyPath<Record, String>, _ allowed: String, why: String,
        isPrivate: Bool = false, isRequired: Bool = false, isAllowed: @escaping (String) -> Bool
    ) -> Self {
        value(
            name, field, allowed, why: why, isPrivate: isPrivate, isRequired: isRequired, show: Manual.quoted
        ) { node in
            if case .text(let text) = node, isAllowed(text) { text } else { nil }
        }
    }

    static func optionalText(
        _ name: String, _ field: WritableKeyPath<Record, String?>, _ allowed: String, why: String, example: String,
        isPrivate: Bool = false, isAllowed: @escaping (String) -> Bool
    ) -> Self {
        value(
            name, field, allowed, why: why, example: Manual.quoted(example), isPrivate: isPrivate,
            show: { $0.map(Manual.quoted) }
        ) { node in
            if case .text(let text) = node, isAllowed(text) { .some(text) } else { nil }
        }
    }
}

extension String {
    /// True for a path that means the same to every process of the station.
    var isAbsolutePath: Bool { hasPrefix("/") && !isBlankOrBroken }
    /// True for a text that is empty, longer than a line of people's patience, or spread over lines.
    var isBlankOrBroken: Bool {
        utf8.count > 4096 || allSatisfy(\.isWhitespace)
            || unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }
}
