internal import Domain
internal import Forecast
internal import Foundation

/// A play of the Buffer as an SVG picture.
struct PlanPicture {
    private let report: PlanReport
    private let top: Double
    private static let size = (width: 960.0, height: 360.0)
    private static let frame = (left: 56.0, right: 16.0, top: 44.0, bottom: 40.0)
    /// More handovers than this would be a black wall.
    private static let linesMax = 60

    init(_ report: PlanReport) {
        self.report = report
        let highest = report.played.samples.map(\.bufferHours).max() ?? 0
        top = PlanChart.niceTop(max(highest, report.policy.bands.emergencyHours, 0.1))
    }

    func svg() -> String {
        let (width, height) = Self.size
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(n(width)) \(n(height))" \
            font-family="sans-serif" font-size="12" fill="#333">
            <title>The buffer over \(n(report.played.hours)) hours</title>
            <rect width="100%" height="100%" fill="#fffdf8"/>
            <text x="\(n(Self.frame.left))" y="24" font-size="15">\(escaped(report.forecast.words))</text>
            \(bands())
            \(area())
            \(handovers())
            \(axes())
            </svg>

            """
    }

    private func x(_ hour: Double) -> Double {
        let span = Self.size.width - Self.frame.left - Self.frame.right
        return Self.frame.left + hour / max(report.played.hours, 1e-9) * span
    }

    private func y(_ hours: Double) -> Double {
        let span = Self.size.height - Self.frame.top - Self.frame.bottom
        return Self.size.height - Self.frame.bottom - min(hours, top) / top * span
    }

    private func bands() -> String {
        let bands = report.policy.bands
        let edges = [0, bands.emergencyHours, bands.criticalHours, bands.warningHours, bands.healthyHours, top]
        return zip(BufferHealth.allCases.reversed(), zip(edges, edges.dropFirst())).compactMap { health, edge in
            let (low, high) = (min(edge.0, top), min(edge.1, top))
            guard high > low else { return nil }
            let right = x(report.played.hours)
            let rect = """
                <rect x="\(n(Self.frame.left))" y="\(n(y(high)))" width="\(n(right - Self.frame.left))" \
                height="\(n(y(low) - y(high)))" fill="\(Self.colour(health))" fill-opacity="0.22"/>
                """
            guard y(low) - y(high) > 14 else { return rect }
            return rect + """

                <text x="\(n(right - 4))" y="\(n(y(high) + 13))" text-anchor="end" \
                fill-opacity="0.6">\(health.rawValue)</text>
                """
        }.joined(separator: "\n")
    }

    private func area() -> String {
        let points = report.played.samples.map { "\(n(x($0.hour))),\(n(y($0.bufferHours)))" }
        let line = points.joined(separator: " ")
        let (left, right) = (n(x(0)), n(x(report.played.hours)))
        return """
            <polygon points="\(left),\(n(y(0))) \(line) \(right),\(n(y(0)))" fill="#5b3a63" fill-opacity="0.25"/>
            <polyline points="\(line)" fill="none" stroke="#5b3a63" stroke-width="2" stroke-linejoin="round"/>
            """
    }

    private func handovers() -> String {
        report.played.handovers.filter { $0.from != nil }.prefix(Self.linesMax).enumerated().map { place, handover in
            let at = n(x(handover.hour))
            let line = """
                <line x1="\(at)" x2="\(at)" y1="\(n(Self.frame.top))" y2="\(n(y(0)))" stroke="#333" \
                stroke-opacity="0.5" stroke-dasharray="3 3"/>
                """
            guard place == 0 else { return line }
            return line
                + "\n<text x=\"\(at)\" y=\"\(n(Self.frame.top - 5))\">\(escaped(handover.to)) takes over</text>"
        }.joined(separator: "\n")
    }

    private func axes() -> String {
        var parts = [
            """
            <path d="M\(n(Self.frame.left)) \(n(Self.frame.top))V\(n(y(0)))H\(n(x(report.played.hours)))" fill="none" \
            stroke="#333"/>
            """
        ]
        let step = [1.0, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720, 1440].first { report.played.hours / $0 <= 14 }
        for hour in stride(from: 0, through: report.played.hours, by: step ?? report.played.hours) {
            parts.append(
                "<text x=\"\(n(x(hour)))\" y=\"\(n(y(0) + 18))\" text-anchor=\"middle\">\(n(hour)) h</text>")
        }
        for part in 0...4 {
            let hours = top * Double(part) / 4
            parts.append(
                "<text x=\"\(n(Self.frame.left - 6))\" y=\"\(n(y(hours) + 4))\" text-anchor=\"end\">\(n(hours)) h</text>"
            )
        }
        return parts.joined(separator: "\n")
    }

    private func n(_ value: Double) -> String { String(format: "%g", (value * 100).rounded() / 100) }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func colour(_ health: BufferHealth) -> String {
        switch health {
        case .healthy: "#5a9e6f"
        case .warning: "#d9b44a"
        case .critical: "#e08a3c"
        case .emergency: "#cc4b3c"
        case .depleted: "#8a3a6d"
        }
    }
}
