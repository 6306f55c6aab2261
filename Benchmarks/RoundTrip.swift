import Domain
import IPC
import Platform

/// How long a question to another process takes.
enum RoundTrip {
    static func measure(_ bench: Workbench) throws -> Table {
        var table = Table(
            "A round trip over IPC",
            "Microseconds of wall-clock time, \(bench.settings.roundTrips) calls each, one after the other. The bare"
                + " ping is between two threads of one process over a socket pair; the status is a running station's,"
                + " asked over its control socket, and holds everything `ctl status --json` prints.",
            columns: ["call", "median", "p99", "least–most"])
        func add(_ what: String, _ spread: Spread) {
            table.add(
                what, spread.median.text(0), spread.quantile(0.99).text(0),
                "\(spread.least.text(0))–\(spread.most.text(0))")
        }
        bench.say("round trips")
        let ping = try ping(bench)
        let status = try status(bench)
        add("ping", ping)
        add("status of a station", status)
        table.add("**status : ping**", "**\((status.median / ping.median).text(1)) : 1**", "", "")
        return table
    }

    private static func ping(_ bench: Workbench) throws -> Spread {
        let (near, far) = try FileDescriptor.socketPair()
        let asking = try LineConnection(near)
        let answering = try LineConnection(far)
        asking.start(handler: { _, _ in .null }, closed: { _ in })
        answering.start(handler: { _, _ in .null }, closed: { _ in })
        defer {
            asking.close()
            answering.close()
        }
        return try time(bench) { _ = try asking.request(.ping, timeoutSeconds: 5) }
    }

    private static func status(_ bench: Workbench) throws -> Spread {
        let root = try bench.stationRoot("round-trip")
        try Station.stock(root, with: bench.music(), seconds: 120)
        let config =
            StationText.generators(0, trackSeconds: Int(bench.settings.admissionSeconds)) + StationText.dashboard
        return try Station.run(bench, root: root, config: config) { station in
            try time(bench) { _ = try station.control.status() }
        }
    }

    private static func time(_ bench: Workbench, _ call: () throws -> Void) throws -> Spread {
        for _ in 0..<20 { try call() }
        return Spread(
            try (0..<bench.settings.roundTrips).map { _ in
                if bench.pace.stop.isGiven { throw Pace.Interrupted() }
                let began = bench.pace.now
                try call()
                return (bench.pace.now - began) * 1_000_000
            })
    }
}
