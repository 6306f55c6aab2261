/// Several measurements of one thing.
struct Spread: Sendable {
    private let sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    var count: Int { sorted.count }
    var least: Double { sorted.first ?? .nan }
    var most: Double { sorted.last ?? .nan }

    var median: Double {
        guard !sorted.isEmpty else { return .nan }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// The smallest value that at least `share` (0...1) of all do not exceed.
    func quantile(_ share: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    /// `median (least-most)`.
    func text(decimals: Int) -> String {
        "\(median.text(decimals)) (\(least.text(decimals))–\(most.text(decimals)))"
    }
}

extension Double {
    /// With so many places after the point.
    func text(_ decimals: Int) -> String {
        guard isFinite, magnitude < 1e12 else { return "-" }
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = Int((magnitude * scale).rounded())
        let sign = self < 0 && scaled != 0 ? "-" : ""
        let whole = scaled / Int(scale)
        if decimals == 0 { return "\(sign)\(whole)" }
        let digits = String(scaled % Int(scale))
        return "\(sign)\(whole)." + String(repeating: "0", count: decimals - digits.count) + digits
    }
}

extension Int {
    /// Bytes as mebibytes.
    var mebibytes: Double { Double(self) / 1_048_576 }
}
