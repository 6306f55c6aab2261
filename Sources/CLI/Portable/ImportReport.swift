internal import Buffer
internal import Foundation

/// What an import did.
struct ImportReport: Encodable {
    struct Refused: Encodable {
        var file: String
        var reason: String
    }

    var source: String
    /// Tracks the source has.
    var listed: Int
    /// Of these, what this station took in before or has.
    var known: Int
    var taken = 0
    var takenHours = 0.0
    var bytes = 0
    var turns = 0
    var partialTurns = 0
    var slotsLeftOpen = 0
    var firstNumber: Int?
    var lastNumber: Int?
    /// Not fetched: in the list, and not there.
    var missing: [String] = []
    /// Kept aside, or not fetched because this station may not play them.
    var refused: [Refused] = []

    mutating func add(_ outcome: ImportOutcome) {
        taken = outcome.tracks
        turns = outcome.turns
        partialTurns = outcome.partialTurns
        slotsLeftOpen = outcome.slotsLeftOpen
        firstNumber = outcome.firstNumber
        lastNumber = outcome.lastNumber
    }

    var status: ExitStatus {
        if !refused.isEmpty { return .failed }
        return missing.isEmpty ? .done : .tryAgain
    }

    static func text(_ report: ImportReport) -> String {
        var lines: [String] = []
        if report.taken > 0, let first = report.firstNumber, let last = report.lastNumber {
            let hours = String(format: "%.2f h", report.takenHours)
            lines.append(
                "took in \(report.taken) tracks, \(hours), as \(first) to \(last), in \(count(report.turns, "turn"))")
            if report.partialTurns > 0 {
                lines.append(
                    "\(count(report.partialTurns, "turn")) not whole: at the end, the generators go on with the last")
            }
            if report.slotsLeftOpen > 0 {
                lines.append(
                    "\(count(report.slotsLeftOpen, "slot")) of the turn under way left to the generators, before them")
            }
        } else {
            lines.append("nothing new: \(report.known) of \(report.listed) tracks are known here")
        }
        if report.known > 0, report.taken > 0 {
            lines.append("\(count(report.known, "track")) known before, left alone")
        }
        if !report.missing.isEmpty {
            let names = report.missing.prefix(3).joined(separator: ", ")
            lines.append(
                "\(count(report.missing.count, "track")) in the list and not there yet: \(names); run it again later")
        }
        for refused in report.refused.prefix(20) { lines.append("refused \(refused.file): \(refused.reason)") }
        if report.refused.count > 20 { lines.append("and \(report.refused.count - 20) more were refused") }
        return lines.joined(separator: "\n")
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
