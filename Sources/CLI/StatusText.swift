internal import Domain
internal import Foundation

/// The station's status for a terminal.
enum StatusText {
    static func text(_ status: StationStatus) -> String {
        var lines = [status.sentence, ""]
        if let playing = status.nowPlaying {
            let place = "\(clock(playing.elapsedSeconds)) of \(clock(playing.seconds))"
            lines.append("now       \(playing.title)  (\(place), from the \(playing.source.rawValue))")
        }
        if let next = status.upNext.first { lines.append("next      \(next.title)") }
        if let buffer = status.buffer {
            let free = buffer.diskFreeBytes / 1_000_000_000
            let hours = String(format: "%.2f h of %g h", buffer.hours, buffer.targetHours)
            lines.append(
                "buffer    \(hours), \(buffer.readyTracks) tracks, \(buffer.health.rawValue), \(free) GB free on disk")
            if let notice = buffer.notice { lines.append("          \(notice)") }
        }
        if let generation = status.generation {
            let speed = generation.realTimeFactor.map { String(format: ", %.1f x real time", $0) } ?? ""
            lines.append("making    \(generation.backend): \(generation.activity)\(speed)")
        }
        for destination in status.destinations {
            let rate = String(format: "%.1f Mbit/s", destination.bitsPerSecond / 1e6)
            let trouble = destination.state == "sending" ? "" : destination.trouble.map { ", \($0)" } ?? ""
            lines.append("to        \(destination.name): \(destination.state), \(rate)\(trouble)")
        }
        lines.append("")
        lines.append(row("worker", "state", "pid", "up", "cpu %", "MB", "restarts", "doing"))
        for worker in status.workers { lines.append(row(of: worker)) }
        return lines.joined(separator: "\n")
    }

    private static func row(of worker: WorkerStatus) -> String {
        row(
            worker.name, worker.state, worker.pid.map(String.init) ?? "-", worker.uptimeSeconds.map(clock) ?? "-",
            worker.cpuPercent.map { String(format: "%.1f", $0) } ?? "-",
            worker.residentBytes.map { String($0 / 1_000_000) } ?? "-", String(worker.restarts),
            worker.activity ?? worker.lastExit ?? "")
    }

    private static func row(_ cells: String...) -> String {
        let widths = [12, 12, 8, 9, 6, 5, 9]
        let padded = cells.enumerated().map { at, cell in
            at < widths.count
                ? cell.padding(toLength: max(widths[at], cell.count + 1), withPad: " ", startingAt: 0) : cell
        }
        return padded.joined()
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds)
        let minutes = String(format: "%d:%02d", whole / 60 % 60, whole % 60)
        return whole < 3600 ? minutes : "\(whole / 3600):" + String(format: "%02d:%02d", whole / 60 % 60, whole % 60)
    }
}
