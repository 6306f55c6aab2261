internal import Domain
internal import Forecast
internal import Foundation

/// A play of the Buffer as a picture of characters: hours of music over time, the bands in colours.
struct PlanChart {
    /// Columns of the terminal.
    var width: Int
    var isColoured: Bool
    var rows = 12
    private static let gutter = 6
    private static let eighths = Array(" ▁▂▃▄▅▆▇█")
    private static let widthRange = 30...400

    func lines(_ report: PlanReport) -> [String] {
        let columns = min(max(width, Self.widthRange.lowerBound), Self.widthRange.upperBound) - Self.gutter - 1
        let cells = sampled(report.played, columns: columns)
        let highest = report.played.samples.map(\.bufferHours).max() ?? 0
        let top = Self.niceTop(max(highest, report.policy.bands.emergencyHours, 0.1))
        var lines: [String] = []
        for row in (0..<rows).reversed() {
            let edge = top * Double(row + 1) / Double(rows)
            let isLabelled = row == rows - 1 || row == (rows - 1) / 2
            let label = isLabelled ? Self.hours(edge) : ""
            lines.append(Self.right(label) + "┤" + cells.map { cell($0, row: row, top: top) }.joined())
        }
        lines.append(Self.right("0 h") + "└" + String(repeating: "─", count: columns))
        lines.append(axis(report.played.hours, columns: columns))
        if report.backends.count > 1 {
            let names = report.backends.map(\.name)
            let marks = cells.map { sample in
                sample.backend.flatMap { names.firstIndex(of: $0) }.map { String($0 + 1) } ?? " "
            }
            lines.append(Self.right("asks") + " " + marks.joined())
            let legend = names.enumerated().map { "\($0.offset + 1) \($0.element)" }.joined(separator: ", ")
            lines.append(Self.right("") + " " + Spelling.cut(legend, to: columns))
        }
        return lines
    }

    /// One sample a column: the lowest of its time, so that no dip is too short to be seen.
    private func sampled(_ played: Simulation, columns: Int) -> [Simulation.Sample] {
        guard let first = played.samples.first, played.hours > 0 else { return [] }
        var cells = [Simulation.Sample?](repeating: nil, count: columns)
        for sample in played.samples {
            let column = min(columns - 1, Int(sample.hour / played.hours * Double(columns)))
            if let lowest = cells[column], lowest.bufferHours <= sample.bufferHours { continue }
            cells[column] = sample
        }
        var last = first
        return cells.map { cell in
            last = cell ?? last
            return last
        }
    }

    private func cell(_ sample: Simulation.Sample, row: Int, top: Double) -> String {
        let height = sample.bufferHours / top * Double(rows) - Double(row)
        let full = Self.eighths.count - 1
        // Something is left as long as anything is.
        let least = row == 0 && sample.bufferHours > 0 ? 1 : 0
        let part = min(full, max(least, Int((height * Double(full)).rounded())))
        let character = String(Self.eighths[max(0, part)])
        guard isColoured, part > 0 else { return character }
        return "\u{1B}[\(Self.colour(sample.health))m\(character)\u{1B}[0m"
    }

    private func axis(_ hours: Double, columns: Int) -> String {
        var line = Array(repeating: Character(" "), count: columns + 1)
        let step = [1.0, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720, 1440].first { hours / $0 * 8 <= Double(columns) }
        for hour in stride(from: 0, through: hours, by: step ?? hours) {
            let label = hour == 0 ? "0" : Self.hours(hour)
            let place = Int(hour / hours * Double(columns)) - (hour == 0 ? 0 : label.count - 1)
            for (offset, character) in label.enumerated() where line.indices.contains(place + offset) {
                line[place + offset] = character
            }
        }
        return Self.right("") + String(line)
    }

    /// A round figure at or above `hours`.
    static func niceTop(_ hours: Double) -> Double {
        var unit = 1.0
        while unit < hours / 10 { unit *= 10 }
        while unit > hours { unit /= 10 }
        for step in [1.0, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20] where step * unit >= hours {
            return step * unit
        }
        return hours
    }

    private static func hours(_ hours: Double) -> String { String(format: "%g h", (hours * 10).rounded() / 10) }

    private static func right(_ text: String) -> String {
        String(repeating: " ", count: max(0, gutter - text.count)) + text
    }

    private static func colour(_ health: BufferHealth) -> String {
        switch health {
        case .healthy: "32"
        case .warning: "33"
        case .critical: "38;5;208"
        case .emergency: "31"
        case .depleted: "35"
        }
    }
}
