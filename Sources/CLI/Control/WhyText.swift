internal import IPC

/// How a worker's lives have ended, for a terminal.
enum WhyText {
    /// - Parameter lines: of the log before each end.
    static func text(_ history: WorkerHistory, lines: Int) -> String {
        var text = [
            "\(history.worker) is \(history.state)" + (history.waiting.map { ": \(Spelling.harmless($0))" } ?? "")
        ]
        if history.exits.isEmpty { text.append("none of its lives that is remembered has ended") }
        for exit in history.exits { text += [""] + Self.lines(of: exit, logLines: lines) }
        return text.joined(separator: "\n")
    }

    private static func lines(of exit: WorkerExit, logLines: Int) -> [String] {
        let lived = "after \(Spelling.clock(exit.uptimeSeconds))" + (exit.wasReady ? "" : ", before it was ready")
        var lines = ["\(Spelling.moment(exit.time))  generation \(exit.generation) ended \(lived)"]
        lines.append("  cause    \(exit.cause): \(Spelling.harmless(exit.exit))")
        let held = [
            exit.residentBytes.map { "\(Spelling.megabytes($0)) MB of memory" },
            exit.openFiles.map { "\($0) open files" }, exit.threads.map { "\($0) threads" },
        ].compactMap(\.self)
        if !held.isEmpty { lines.append("  held     \(held.joined(separator: ", "))") }
        for (at, frame) in exit.stack.enumerated() {
            lines.append((at == 0 ? "  stood    " : "           ") + Spelling.harmless(frame))
        }
        let log = exit.log.suffix(logLines)
        if !log.isEmpty {
            let of = log.count < exit.log.count ? "the last \(log.count) of \(exit.log.count) lines" : "its last lines"
            lines.append("  log      \(of):")
            lines += log.map { "    | " + Spelling.harmless($0) }
        }
        return lines
    }
}
