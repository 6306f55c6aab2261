import Domain
import Glibc
import IPC
import Platform

/// The station's supervisor beside others, all of them up at once, each with eight stand-ins of a worker.
enum Supervision {
    static func measure(_ bench: Workbench) throws -> [Table] {
        try SupervisionFleet(bench).run { rivals, missing in
            let note = missing.isEmpty ? "" : " Not on this machine: \(missing.joined(separator: ", "))."
            return [
                try rest(bench, rivals, note), try asking(bench, rivals), try kills(bench, rivals),
                try restarts(bench, rivals),
            ]
        }
    }

    // MARK: - At rest

    private static func rest(_ bench: Workbench, _ rivals: [SupervisionRival], _ note: String) throws -> Table {
        let seconds = bench.settings.supervisionRestSeconds
        var table = Table(
            "Supervisors at rest",
            "Beside each other in the same \(seconds.text(0)) s, each with eight workers that do nothing; the"
                + " supervisor and all its helpers, the workers not counted. Wake-ups are all context switches of all"
                + " its threads. Memory: resident, of that its own (anonymous), and with its share of what it shares"
                + " with others (PSS, which flatters ours: four processes of that program run here). Ours is"
                + " measured with workers that report once a second, as the station's do, and with workers that are"
                + " ready and say nothing; it also reads how the machine and each worker are, once a second. systemd is"
                + " PID 1 of a machine of its own, with its journal." + note,
            columns: [
                "supervisor", "wake-ups/min", ": lofisup", "CPU ms/min", ": lofisup", "processes", "resident MiB",
                "PSS MiB", "own MiB", ": lofisup",
            ])
        bench.say("supervision: at rest for \(seconds) s")
        try bench.pace.wait(seconds: bench.settings.supervisionSettleSeconds)
        let watched = rivals.filter { $0.kind != .lofisupAtOnce }.map { ($0, $0.processes) }
        let before = watched.map { SupervisionFigures(of: $0.1) }
        let began = bench.pace.now
        try bench.pace.wait(seconds: seconds)
        let after = watched.map { SupervisionFigures(of: $0.1) }
        let minutes = (bench.pace.now - began) / 60
        func rates(_ place: Int) -> (switches: Double, cpu: Double) {
            (
                Double(after[place].switches - before[place].switches) / minutes,
                (after[place].cpuSeconds - before[place].cpuSeconds) * 1000 / minutes
            )
        }
        let own = rates(0)
        for place in watched.indices {
            let rate = rates(place)
            let now = after[place]
            table.add(
                label(watched[place].0), rate.switches.text(0), ratio(rate.switches, own.switches), rate.cpu.text(1),
                ratio(rate.cpu, own.cpu), "\(now.processes)", now.residentBytes.mebibytes.text(1),
                now.proportionalBytes.mebibytes.text(1), now.anonymousBytes.mebibytes.text(1),
                ratio(Double(now.anonymousBytes), Double(after[0].anonymousBytes)))
        }
        return table
    }

    // MARK: - Asking

    private static func asking(_ bench: Workbench, _ rivals: [SupervisionRival]) throws -> Table {
        let times = bench.settings.supervisionAsks
        var table = Table(
            "Asking a supervisor",
            "Milliseconds until it is said how the workers are, \(times) times one after the other: by the command that"
                + " an operator types, from its start to its end, and for ours also over one open connection. s6 and"
                + " runit tell of one worker out of a file, systemd of one unit; the others of all eight. A command"
                + " that does nothing takes as long as the last line says.",
            columns: ["question", "median", "p95", "least–most", ": lofisup"])
        bench.say("supervision: asking")
        guard let own = rivals.first(where: { $0.kind == .lofisup }) else { return table }
        let control = try ControlClient(path: SupervisionHost.socket(in: "\(bench.directory)/\(own.kind.rawValue)"))
        func add(_ what: String, _ spread: Spread, _ ratio: String) {
            table.add(
                what, spread.median.text(2), spread.quantile(0.95).text(2),
                "\(spread.least.text(2))–\(spread.most.text(2))", ratio)
        }
        let direct = Spread(
            try (0..<times * 4).map { _ in
                let began = bench.pace.now
                _ = try control.status()
                return (bench.pace.now - began) * 1000
            })
        add("lofisup, over an open connection", direct, "")
        let byCommand = try time(bench, own.asking)
        add(words(of: own), byCommand, "1.0 : 1")
        for rival in rivals where !rival.isOurs {
            let inside = rival.kind == .systemd ? ["systemctl", "show", "stand-in@1"] : []
            let spread = try time(
                bench, inside.isEmpty ? rival.asking : inside, enter: inside.isEmpty ? [] : rival.asking)
            add(words(of: rival), spread, ratio(spread.median, byCommand.median))
        }
        let nothing = try time(bench, ["/bin/true"])
        add("`true`", nothing, ratio(nothing.median, byCommand.median))
        return table
    }

    private static func words(of rival: SupervisionRival) -> String {
        switch rival.kind {
        case .lofisup, .lofisupAtOnce, .lofisupSilent: "`lofisup ctl status`"
        case .supervisord: "`supervisorctl status`"
        case .s6: "`s6-svstat`"
        case .runit: "`sv status`"
        case .systemd: "`systemctl show`"
        }
    }

    /// Milliseconds that a command takes, timed by a shell; where there is something to enter first, in there.
    private static func time(_ bench: Workbench, _ command: [String], enter: [String] = []) throws -> Spread {
        let loop = """
            for ((i = 0; i < \(bench.settings.supervisionAsks); i++)); do
                a=${EPOCHREALTIME/[.,]/}; "$@" >/dev/null 2>&1 || exit 1; b=${EPOCHREALTIME/[.,]/}; echo $((b - a))
            done
            """
        let whole = enter + ["/bin/bash", "-c", loop, "ask"] + command
        let said = try Tool(whole[0], searchPath: bench.searchPath)
            .run(Array(whole.dropFirst()), limits: ToolLimits(seconds: 600)).stdoutText
        return Spread(said.split(separator: "\n").compactMap { Double($0).map { $0 / 1000 } })
    }

    // MARK: - Killing

    private static func kills(_ bench: Workbench, _ rivals: [SupervisionRival]) throws -> Table {
        let rounds = bench.settings.supervisionKills
        var table = Table(
            "Supervisors: from kill -9 to running again",
            "Milliseconds from the kill of one worker, which has run for more than a second, until a new process runs"
                + " its first line, by its own clock; \(rounds) kills of each in turn. Ours waits half to all of"
                + " `restart_first_seconds` (0.5) before the first restart, and longer before each further one: what"
                + " killed a worker (memory, a port still held, a peer's limit) often lasts a moment, and the encoder's"
                + " cushion covers this one. s6 always waits a second, runit only for a worker that has not run for one; supervisord"
                + " looks after its workers once a second.",
            columns: ["supervisor", "median", "p95", "least–most", ": lofisup without a pause"])
        var found: [(label: String, rival: SupervisionRival, worker: String, times: [Double])] = []
        for rival in rivals where rival.kind != .lofisupSilent {
            found.append((killLabel(rival), rival, rival.victim, []))
            if rival.kind == .systemd { found.append(("systemd, RestartSec=100ms (default)", rival, "slow", [])) }
        }
        for round in 1...rounds {
            if round % 10 == 1 { bench.say("supervision: kill \(round)") }
            try bench.pace.wait(seconds: Double.random(in: 1.3...1.8))
            for place in found.indices {
                let (rival, worker) = (found[place].rival, found[place].worker)
                while try rival.take(withinSeconds: 0, bench.pace) != nil {}
                let killedAt = try rival.kill(worker, bench.pace)
                let bornAt: Double = try bench.pace.wait(forAtMost: 30, "\(worker) of \(rival.kind) runs again") {
                    let stamp = try rival.take(withinSeconds: 1, bench.pace)
                    return stamp?.worker == worker ? stamp?.seconds : nil
                }
                found[place].times.append((bornAt - killedAt) * 1000)
            }
        }
        let own = found.first { $0.rival.kind == .lofisupAtOnce }.map { Spread($0.times).median } ?? .nan
        for (label, _, _, times) in found {
            let spread = Spread(times)
            table.add(
                label, spread.median.text(1), spread.quantile(0.95).text(1),
                "\(spread.least.text(1))–\(spread.most.text(1))", ratio(spread.median, own))
        }
        return table
    }

    private static func killLabel(_ rival: SupervisionRival) -> String {
        switch rival.kind {
        case .lofisup: "lofisup"
        case .lofisupAtOnce: "lofisup without a pause"
        case .systemd: "systemd, RestartSec=0"
        default: label(rival)
        }
    }

    // MARK: - A thousand restarts

    private static func restarts(_ bench: Workbench, _ rivals: [SupervisionRival]) throws -> Table {
        let times = bench.settings.supervisionRestarts
        var table = Table(
            "Supervisors: \(times) restarts",
            "Each worker is killed as soon as it runs: all eight of each supervisor, one of ours, which has no pause"
                + " here (several that die together are an epidemic to it, and are started one by one). s6 and runit"
                + " start one worker once a second at most. CPU time is the supervisor's and its helpers', up to the"
                + " fork. Open files and zombies of all its processes: before, and two seconds after.",
            columns: ["supervisor", "seconds", "CPU ms each", ": lofisup", "open files", "zombies"])
        var own = Double.nan
        for rival in rivals where ![.lofisup, .lofisupSilent].contains(rival.kind) {
            bench.say("supervision: \(times) restarts by \(rival.kind.rawValue)")
            while try rival.take(withinSeconds: 0, bench.pace) != nil {}
            let before = rival.figures
            let began = bench.pace.now
            for worker in rival.victims { _ = try rival.kill(worker, bench.pace) }
            var killed = rival.victims.count
            for _ in 0..<max(times, killed) {
                guard let stamp = try rival.take(withinSeconds: 30, bench.pace) else {
                    throw Pace.NotInTime(fact: "\(rival.kind) starts another worker", seconds: 30)
                }
                guard killed < times else { continue }
                _ = try rival.kill(stamp.worker, bench.pace)
                killed += 1
            }
            let seconds = bench.pace.now - began
            try bench.pace.wait(seconds: 2)
            let after = rival.figures
            let each = (after.cpuSeconds - before.cpuSeconds) * 1000 / Double(killed)
            if rival.isOurs { own = each }
            table.add(
                label(rival), seconds.text(1), each.text(2), ratio(each, own),
                "\(before.openFiles) → \(after.openFiles)", "\(before.zombies) → \(after.zombies)")
        }
        return table
    }

    // MARK: -

    private static func label(_ rival: SupervisionRival) -> String {
        switch rival.kind {
        case .lofisup, .lofisupAtOnce: "lofisup"
        case .lofisupSilent: "lofisup, workers that say nothing"
        default: rival.kind.rawValue
        }
    }

    private static func ratio(_ one: Double, _ own: Double) -> String { "\((one / own).text(2)) : 1" }
}
