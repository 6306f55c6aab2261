/// A size in bytes, as people write it: `"5GB"`, `"500 MiB"`, `"1.5 TB"` or a bare number of bytes.
public struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var bytes: Int

    public init(bytes: Int) { self.bytes = bytes }

    /// Parses a number with an optional unit: B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of
    /// 1024), in any case, with or without a space. Nil for anything else, a negative size or one beyond `Int`.
    public init?(_ text: String) {
        let trimmed = text.drop { $0 == " " }
        let digits = trimmed.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = trimmed.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let first = digits.first, first != ".", let number = Double(digits), let factor = Self.factor(unit) else {
            return nil
        }
        // A whole number keeps every digit; a Double would lose the last ones beyond 2^53.
        if let whole = Int(digits) {
            let (bytes, overflow) = whole.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            self.init(bytes: bytes)
        } else {
            guard let bytes = Int(exactly: (number * Double(factor)).rounded()) else { return nil }
            self.init(bytes: bytes)
        }
    }

    /// The shortest exact spelling: `2GB`, `512MiB`, `1234`.
    public var description: String {
        let exact = Self.units.filter { bytes >= $0.factor && bytes % $0.factor == 0 }.max { $0.factor < $1.factor }
        return exact.map { "\(bytes / $0.factor)\($0.name)" } ?? String(bytes)
    }

    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    private static let units: [(name: String, factor: Int)] = [
        ("TiB", 1 << 40), ("TB", 1_000_000_000_000), ("GiB", 1 << 30), ("GB", 1_000_000_000), ("MiB", 1 << 20),
        ("MB", 1_000_000), ("KiB", 1 << 10), ("kB", 1000),
    ]

    private static func factor(_ unit: String) -> Int? {
        if unit.isEmpty || unit == "b" { return 1 }
        return units.first { $0.name.lowercased() == unit }?.factor
    }
}
