internal import Domain
internal import Foundation

/// The table of `top`.
enum TopText {
    /// - Parameters:
    ///   - columns: no line is longer; nil for lines as long as they are.
    ///   - rows: there is room for so many lines; nil for any number.
    ///   - note: what there is to say about the figures: that they are old.
    /// - Returns: the lines, and which of them is the head of the table.
    static func lines(
        _ status: StationStatus, columns: Int? = nil, rows: Int? = nil, note: String? = nil
    ) -> (lines: [String], head: Int) {
        var lines = [
            "lofisup \(status.version), \(status.mode.rawValue), up \(Spelling.clock(status.uptimeSeconds))",
            status.sentence,
        ]
        if let load = status.load { lines += LoadText.lines(load) }
        lines += status.destinations.map { "to \(DestinationText.line($0))" }
        let table = table(status)
        // In a small terminal the workers go first, but the sentence stays.
        if let rows { lines.removeLast(min(max(0, lines.count + 1 + table.count - rows), lines.count - 2)) }
        lines.append(note ?? "")
        let head = lines.count
        lines += table
        return (lines.map { line in columns.map { Spelling.cut(Spelling.harmless(line), to: $0) } ?? line }, head)
    }

    private static func table(_ status: StationStatus) -> [String] {
        var table = TextTable()
        table.figures = [2, 3, 4, 5, 6, 7, 8, 9, 10]
        table.add(
            "worker", "state", "pid", "gen", "cpu %", "MB", "files", "threads", "rate", "restarts", "up", "doing")
        for worker in status.workers {
            table.add(
                worker.name, worker.state, whole(worker.pid), String(worker.generation), tenth(worker.cpuPercent),
                worker.residentBytes.map(Spelling.megabytes) ?? "-", whole(worker.openFiles), whole(worker.threads),
                tenth(worker.progressPerSecond), String(worker.restarts),
                worker.uptimeSeconds.map(Spelling.clock) ?? "-", WorkerText.doing(worker))
        }
        return table.lines()
    }

    private static func whole(_ figure: Int?) -> String { figure.map { String($0) } ?? "-" }

    private static func tenth(_ figure: Double?) -> String { figure.map { String(format: "%.1f", $0) } ?? "-" }
}

/// What the machine has to bear, in lines.
enum LoadText {
    static func lines(_ load: LoadStatus) -> [String] {
        var parts = [String(format: "cpu %.0f %%, load average %.2f", load.cpuPercent, load.loadAverage)]
        if let pressure = load.pressurePercent { parts.append(String(format: "cpu pressure %.0f %%", pressure)) }
        if let late = load.latenessSeconds { parts.append(String(format: "frames at most %.0f ms late", late * 1000)) }
        var lines = [parts.joined(separator: ", ")]
        if let throttle = load.throttle {
            lines.append("held back (step \(load.throttleLevel)): \(throttle)")
        }
        return lines
    }
}

/// One destination, in a line.
enum DestinationText {
    static func line(_ destination: DestinationStatus) -> String {
        let rate = String(format: "%.1f Mbit/s", destination.bitsPerSecond / 1e6)
        let trouble = destination.state == "sending" ? "" : destination.trouble.map { ", \($0)" } ?? ""
        return "\(destination.name): \(destination.state), \(rate)\(trouble)"
    }
}

/// One worker, in words.
enum WorkerText {
    /// What it does, or else why it does nothing, and when that changes.
    static func doing(_ worker: WorkerStatus) -> String {
        guard let seconds = worker.nextStartSeconds else {
            // How the last life ended says nothing of one that runs.
            return worker.activity ?? (worker.pid == nil ? worker.lastExit : nil) ?? ""
        }
        let soon = "next start in \(Int(seconds.rounded(.up))) s"
        return worker.lastExit.map { "\(soon); ended with \($0)" } ?? soon
    }

    /// That it runs another version than the supervisor; nil when it does not.
    static func otherVersion(_ worker: WorkerStatus, version: String) -> String? {
        worker.otherVersion.map {
            "\(worker.name) runs \($0), this is \(version): `lofisup ctl restart \(worker.name)` when convenient"
        }
    }
}
