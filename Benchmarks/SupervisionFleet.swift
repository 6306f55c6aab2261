import FoundationEssentials
import Glibc
import Platform

/// Starts the supervisors, each as its manual has it, and each with eight stand-ins.
struct SupervisionFleet {
    let bench: Workbench
    private let standIn: String
    private let lifeline: (read: FileDescriptor, write: FileDescriptor)

    init(_ bench: Workbench) throws {
        self.bench = bench
        standIn = Files.parent(of: bench.executable) + "/StandIn"
        guard access(standIn, X_OK) == 0 else { throw SystemError("find the built StandIn beside this program") }
        lifeline = try FileDescriptor.pipe()
    }

    /// Starts all that there are on this machine, and ends them after `body`, which is told who is missing and why.
    func run<Result>(_ body: ([SupervisionRival], _ missing: [String]) throws -> Result) throws -> Result {
        var rivals: [SupervisionRival] = []
        var missing: [String] = []
        defer { for rival in rivals { rival.end() } }
        let starts: [(SupervisionRival.Kind, () throws -> SupervisionRival)] = [
            (.lofisup, { try ours(.lofisup, pauseSeconds: 0.5, mode: "reports") }),
            (.lofisupAtOnce, { try ours(.lofisupAtOnce, pauseSeconds: 0, mode: "reports") }),
            (.lofisupSilent, { try ours(.lofisupSilent, pauseSeconds: 0.5, mode: "ready") }),
            (.supervisord, supervisord), (.s6, s6), (.runit, runit), (.systemd, systemd),
        ]
        for (kind, start) in starts {
            do {
                let rival = try start()
                rivals.append(rival)
                try rival.wait(forWorkers: SupervisionRival.workers, bench.pace)
                bench.say("supervision: \(kind.rawValue) runs")
            } catch let error as Pace.Interrupted {
                throw error
            } catch {
                bench.say("supervision: \(kind.rawValue) is left out: \(error)")
                missing.append(kind.rawValue)
                if rivals.last?.kind == kind { rivals.removeLast().end() }
            }
        }
        return try body(rivals, missing)
    }

    private func ours(
        _ kind: SupervisionRival.Kind, pauseSeconds: Double, mode: String
    ) throws -> SupervisionRival {
        let (root, stamps) = try place(kind)
        let own = Files.parent(of: bench.executable) + "/lofisup-bench"
        let process = try start(
            own, ["supervise", root, "\(pauseSeconds)", mode, standIn, stamps.path], log: root + ".log")
        return SupervisionRival(
            kind, stamps: stamps, process: process, standIn: standIn,
            asking: [bench.executable, "ctl", "status", "--root", root])
    }

    private func supervisord() throws -> SupervisionRival {
        let (root, stamps) = try place(.supervisord)
        let daemon = try Tool("supervisord", searchPath: bench.searchPath, package: "supervisor")
        let asks = try Tool("supervisorctl", searchPath: bench.searchPath, package: "supervisor")
        let programs = (1...SupervisionRival.workers).map {
            // Whoever is killed as soon as it runs is not to be given up on.
            "[program:\($0)]\ncommand=\(command($0, stamps))\nautorestart=true\nstartsecs=0\n"
        }
        let file = root + "/supervisord.conf"
        try write(
            """
            [supervisord]
            nodaemon=true
            user=root
            logfile=\(root)/supervisord.log
            pidfile=\(root)/supervisord.pid
            childlogdir=\(root)
            [unix_http_server]
            file=\(root)/ctl.sock
            [rpcinterface:supervisor]
            supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
            [supervisorctl]
            serverurl=unix://\(root)/ctl.sock
            \(programs.joined(separator: "\n"))
            """, to: file)
        let process = try start(daemon.path, ["-c", file], log: root + ".log")
        return SupervisionRival(
            .supervisord, stamps: stamps, process: process, standIn: standIn,
            asking: [asks.path, "-c", file, "status"])
    }

    private func s6() throws -> SupervisionRival {
        let (root, stamps) = try place(.s6)
        let daemon = try Tool("s6-svscan", searchPath: bench.searchPath, package: "s6")
        let asks = try Tool("s6-svstat", searchPath: bench.searchPath, package: "s6")
        try services(in: root, stamps)
        let process = try start(daemon.path, [root], log: root + ".log")
        return SupervisionRival(
            .s6, stamps: stamps, process: process, standIn: standIn, asking: [asks.path, root + "/1"])
    }

    private func runit() throws -> SupervisionRival {
        let (root, stamps) = try place(.runit)
        let daemon = try Tool("runsvdir", searchPath: bench.searchPath, package: "runit")
        let asks = try Tool("sv", searchPath: bench.searchPath, package: "runit")
        try services(in: root, stamps)
        let process = try start(daemon.path, ["-P", root], log: root + ".log")
        return SupervisionRival(
            .runit, stamps: stamps, process: process, endSignal: SIGHUP, standIn: standIn,
            asking: [asks.path, "status", root + "/1"])
    }

    /// In a machine of its own, the one of the project's tests.
    private func systemd() throws -> SupervisionRival {
        let (root, stamps) = try place(.systemd)
        let script = "Tests/SystemdTests/machine.sh"
        let bash = try Tool("bash", searchPath: bench.searchPath)
        _ = try bash.run([script, "check"])
        func unit(_ name: String, _ pause: String) -> String {
            """
            [Unit]
            StartLimitIntervalSec=0
            [Service]
            ExecStart=\(command(name, stamps))
            Restart=always
            \(pause)
            """
        }
        try write(unit("%i", "RestartSec=0"), to: root + "/stand-in@.service")
        try write(unit("slow", ""), to: root + "/slow.service")
        let process = try start(
            bash.path, [script, "boot", root], log: root + ".log", input: lifeline.read.number)
        do {
            let pid = try bench.pace.wait(forAtMost: 90, "a machine boots") {
                try? Int32(String(contentsOfFile: root + "/pid", encoding: .utf8).filter(\.isNumber))
            }
            let enter = [script, "enter", "\(pid)"]
            let units = (1...SupervisionRival.workers).map { "stand-in@\($0)" }.joined(separator: " ")
            _ = try bash.run(
                enter + [
                    "bash", "-euc",
                    "cp '\(root)/'*.service /etc/systemd/system; systemctl daemon-reload; systemctl start \(units) slow",
                ])
            return SupervisionRival(
                .systemd, stamps: stamps, process: process, root: pid, standIn: standIn,
                asking: [bash.path] + enter)
        } catch {
            process.signal(SIGTERM)
            _ = process.wait(timeoutSeconds: 15)
            throw error
        }
    }

    // MARK: -

    private func place(_ kind: SupervisionRival.Kind) throws -> (root: String, SupervisionStamps) {
        let root = "\(bench.directory)/\(kind.rawValue)"
        try Files.makeDirectory(root)
        // The machine has only this directory of ours.
        let fifo = kind == .systemd ? root + "/stamps" : root + ".stamps"
        return (root, try SupervisionStamps(at: fifo))
    }

    private func command(_ worker: Any, _ stamps: SupervisionStamps) -> String {
        "\(standIn) worker \(worker) silent \(stamps.path)"
    }

    /// Service directories, as s6 and runit have them both.
    private func services(in root: String, _ stamps: SupervisionStamps) throws {
        for worker in 1...SupervisionRival.workers {
            try Files.makeDirectory("\(root)/\(worker)")
            let run = "\(root)/\(worker)/run"
            try write("#!/bin/sh\nexec \(command(worker, stamps))\n", to: run)
            chmod(run, 0o755)
        }
    }

    private func write(_ text: String, to file: String) throws {
        try FileDescriptor.open(file, O_WRONLY | O_CREAT | O_TRUNC).write(all: Array(text.utf8))
    }

    private func start(
        _ path: String, _ arguments: [String], log: String, input: Int32? = nil
    ) throws -> ChildProcess {
        let log = try FileDescriptor.open(log, O_WRONLY | O_CREAT | O_APPEND)
        return try ChildProcess(
            path: path, arguments: arguments, environment: ["PATH": bench.searchPath],
            descriptors: [input, log.number, log.number], newSession: true)
    }
}
