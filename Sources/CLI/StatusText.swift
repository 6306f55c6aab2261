internal import Domain
internal import Foundation

/// The station's status for a terminal.
enum StatusText {
    static func text(_ status: StationStatus) -> String {
        var lines = [status.sentence, ""]
        if let playing = status.nowPlaying {
            let place = "\(Spelling.clock(playing.elapsedSeconds)) of \(Spelling.clock(playing.seconds))"
            lines.append("now       \(playing.title)  (\(place), from the \(playing.source.rawValue))")
        }
        if let next = status.upNext.first { lines.append("next      \(next.title)") }
        if let buffer = status.buffer {
            let free = buffer.diskFreeBytes / 1_000_000_000
            let hours = String(format: "%.2f h of %g h", buffer.hours, buffer.targetHours)
            lines.append(
                "buffer    \(hours), \(buffer.readyTracks) tracks, \(buffer.health.rawValue), \(free) GB free on disk")
            if let forecast = status.forecast { lines.append("lasts     \(forecast.words)") }
            if let notice = buffer.notice { lines.append("          \(notice)") }
        }
        if let generation = status.generation {
            let speed = generation.realTimeFactor.map { String(format: ", %.1f x real time", $0) } ?? ""
            let memory = generation.memoryBytes.map { ", \($0 / 1_000_000) MB" } ?? ""
            lines.append("making    \(generation.backend): \(generation.activity)\(speed)\(memory)")
            if let licence = generation.licence {
                let terms = generation.nonCommercial == true ? ": not for a channel that earns money" : ""
                lines.append("          its music is under \(licence)\(terms)")
            }
        }
        for destination in status.destinations { lines.append("to        \(DestinationText.line(destination))") }
        let machine = status.load.map(LoadText.lines) ?? []
        for (at, line) in machine.enumerated() { lines.append((at == 0 ? "machine   " : "          ") + line) }
        lines.append("")
        lines += table(status.workers)
        let others = status.workers.compactMap { WorkerText.otherVersion($0, version: status.version) }
        if !others.isEmpty { lines += [""] + others }
        return lines.map(Spelling.harmless).joined(separator: "\n")
    }

    private static func table(_ workers: [WorkerStatus]) -> [String] {
        var table = TextTable()
        table.figures = [2, 3, 4, 5, 6]
        table.add("worker", "state", "pid", "up", "cpu %", "MB", "restarts", "doing")
        for worker in workers {
            table.add(
                worker.name, worker.state, worker.pid.map { String($0) } ?? "-",
                worker.uptimeSeconds.map(Spelling.clock) ?? "-",
                worker.cpuPercent.map { String(format: "%.1f", $0) } ?? "-",
                worker.residentBytes.map(Spelling.megabytes) ?? "-", String(worker.restarts), WorkerText.doing(worker))
        }
        return table.lines()
    }
}
