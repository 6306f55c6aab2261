import Domain
import Glibc
import IPC
import Platform

/// How long a worker that is killed is away.
enum KillToReady {
    private static let workers = ["feeder", "generator", "dashboard", "encoder"]
    private static let pauses = [0.5, 0]

    static func measure(_ bench: Workbench) throws -> Table {
        var table = Table(
            "From kill -9 to ready",
            "Milliseconds from the kill until the supervisor says that the worker runs with a new process, asked"
                + " over the control socket every 5 ms. The supervisor waits before a restart: half to all of"
                + " `restart_first_seconds`, which is 0.5 by default (250 to 500 ms of the figures on the left) and"
                + " was 0 on the right. For the encoder also until the station is on the air again, which it"
                + " reports twice a second. Median (least–most) of \(bench.settings.killsOfEachWorker) kills of a"
                + " station that streams from a full Buffer, so its generator rests.",
            columns: ["worker", "with the default pause", "without a pause"])
        let results = try pauses.map { try killAll(bench, pauseSeconds: $0) }
        for worker in workers + [onAir] {
            table.add(worker, results[0][worker]?.text(decimals: 0) ?? "", results[1][worker]?.text(decimals: 0) ?? "")
        }
        return table
    }

    private static let onAir = "encoder, until on the air"

    private static func killAll(_ bench: Workbench, pauseSeconds: Double) throws -> [String: Spread] {
        let root = try bench.stationRoot("kill-\(pauseSeconds > 0 ? "pause" : "at-once")")
        // A generator that composed meanwhile would take the processor from whoever starts.
        try Station.stock(root, with: bench.music(), seconds: 1200)
        let config =
            StationText.generators(1, trackSeconds: Int(bench.settings.admissionSeconds))
            + StationText.fullBuffer(hours: 0.02) + StationText.dashboard
            + StationText.restarts(pauseSeconds: pauseSeconds)
        return try Station.run(bench, root: root, config: config) { station in
            var found: [String: [Double]] = [:]
            for round in 1...bench.settings.killsOfEachWorker {
                bench.say("kill to ready: round \(round), pause \(pauseSeconds) s")
                for worker in workers { try kill(worker, of: station, bench, into: &found) }
            }
            return found.mapValues(Spread.init)
        }
    }

    private static func kill(
        _ worker: String, of station: Station, _ bench: Workbench, into found: inout [String: [Double]]
    ) throws {
        let victim = try settledProcess(of: worker, station, bench)
        let began = bench.pace.now
        Glibc.kill(victim, SIGKILL)
        try bench.pace.wait(forAtMost: 60, "\(worker) runs again", everySeconds: 0.005) {
            let now = try station.worker(worker)
            return now?.state == "running" && now?.pid != nil && now?.pid != Int(victim) ? () : nil
        }
        found[worker, default: []].append((bench.pace.now - began) * 1000)
        guard worker == "encoder" else { return }
        try bench.pace.wait(forAtMost: 60, "the station is on the air again", everySeconds: 0.005) {
            try station.control.status().onAir ? () : nil
        }
        found[onAir, default: []].append((bench.pace.now - began) * 1000)
    }

    /// Waits until everybody has run for longer than `stable_after_seconds`: then a death is a first one again.
    private static func settledProcess(
        of worker: String, _ station: Station, _ bench: Workbench
    ) throws -> Int32 {
        func pids() throws -> [Int?]? {
            let status = try station.control.status()
            guard status.onAir, status.workers.allSatisfy({ $0.state == "running" }) else { return nil }
            return status.workers.map(\.pid)
        }
        var before = try pids()
        return try bench.pace.wait(forAtMost: 120, "every worker has settled", everySeconds: 1.2) {
            let now = try pids()
            defer { before = now }
            guard let now, now == before, let pid = try station.worker(worker)?.pid else { return nil }
            return Int32(pid)
        }
    }
}
