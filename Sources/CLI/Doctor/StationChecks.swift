internal import Config
internal import Domain
internal import Foundation
internal import Glibc
internal import Platform

/// The running station, and the port of its page.
struct StationChecks {
    let patient: Patient

    func findings() -> [Finding] {
        switch patient.status {
        case .success(let status): [port(status)] + Self.judge(status, version: Version.text)
        case .failure(.notRunning): [port(nil), .ok("station", "none runs here now")]
        case .failure(let error):
            [port(nil), .broken("station", error.description, do: "systemctl restart lofisup, if it stays so")]
        }
    }

    static func judge(_ status: StationStatus, version: String) -> [Finding] {
        var findings: [Finding] = []
        let down = status.workers.filter { ["quarantined", "held", "unkillable", "backing-off"].contains($0.state) }
        for worker in down {
            let why = worker.lastExit.map { " (\($0))" } ?? ""
            findings.append(
                .degraded("station", "\(worker.name) is \(worker.state)\(why)", do: "lofisup ctl why \(worker.name)"))
        }
        for destination in status.destinations where destination.state != "sending" {
            let trouble = destination.trouble.map { ": \($0)" } ?? ""
            findings.append(
                .degraded(
                    "station", "\(destination.name) is \(destination.state)\(trouble)",
                    do: "it goes on trying; see `lofisup ctl logs encoder`"))
        }
        if !status.onAir, status.mode != .generatorOnly {
            findings.append(
                .degraded("station", status.sentence, do: "lofisup ctl why encoder; lofisup ctl logs encoder"))
        }
        if status.version != version {
            findings.append(
                .degraded(
                    "station", "version \(status.version) runs, and this is \(version)",
                    do: "systemctl restart lofisup: the stream goes on"))
        }
        for worker in status.workers {
            guard let words = WorkerText.otherVersion(worker, version: status.version) else { continue }
            findings.append(.degraded("station", words, do: "it goes on as it is until then"))
        }
        return findings.isEmpty ? [.ok("station", status.sentence)] : findings
    }

    private func port(_ status: StationStatus?) -> Finding {
        let dashboard = patient.config.dashboard
        guard dashboard.enabled, dashboard.port != 0 else {
            return .ok("port", dashboard.enabled ? "the dashboard takes any free one" : "no dashboard, none needed")
        }
        let place = "port \(dashboard.port) of \(dashboard.host)"
        guard let trouble = TCPPort.trouble(host: dashboard.host, port: dashboard.port) else {
            return .ok("port", "\(place) is free for the dashboard")
        }
        let isOurs = status?.workers.contains { $0.name == "dashboard" && $0.state == "running" } ?? false
        if trouble.code == EADDRINUSE, isOurs { return .ok("port", "\(place) is the dashboard's") }
        let advice =
            trouble.code == EADDRINUSE
            ? "see `ss -ltnp 'sport = :\(dashboard.port)'`, or set another dashboard.port"
            : "set another dashboard.host or dashboard.port"
        return .degraded("port", "\(place) cannot be had for the dashboard: \(trouble)", do: advice)
    }
}
