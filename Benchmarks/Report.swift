import FoundationEssentials
import Glibc
import Platform

/// The place of the tables in `Benchmarks/README.md`.
enum Report {
    static let file = "Benchmarks/README.md"
    private static let begin = "<!-- lofisup-bench: begin -->"
    private static let end = "<!-- lofisup-bench: end -->"

    /// Replaces what is between the two markers.
    static func write(_ text: String) throws {
        let old = try String(contentsOfFile: file, encoding: .utf8)
        guard let begin = old.firstRange(of: begin), let end = old.firstRange(of: end),
            begin.upperBound <= end.lowerBound
        else { throw NoMarkers() }
        let new = old[..<begin.upperBound] + "\n\n" + text + "\n" + old[end.lowerBound...]
        try AtomicFile.write(Data(new.utf8), to: file, stamp: 1)
    }

    private struct NoMarkers: Error, CustomStringConvertible {
        var description: String { "\(Report.file) lacks the lines \(Report.begin) and \(Report.end)" }
    }
}
