import Domain
import FoundationEssentials
import Glibc
import IPC
import Platform
import TestSupport
import Testing

/// Workers that end, or never get going, at every stage of their life.
@Suite(.serialized)
struct BadStartTests {
    @Test("how a worker ends says what is done about it, before it is ready as after")
    func ends() throws {
        let table: [(step: String, cause: String, state: String?)] = [
            ("exit 0", "crash", nil), ("exit 1", "crash", nil), ("exit 64", "configuration", "held"),
            ("exit 74", "disk-full", "backing-off"), ("exit 75", "try-again", nil),
            ("exit 78", "configuration", "held"), ("die 11", "crash", nil), ("die 15", "crash", nil),
        ]
        try withTemporaryDirectory { root in
            var steps: [String: String] = [:]
            for (at, row) in (table + table).enumerated() {
                let name = WorkerName(.generator, index: at + 1).description
                steps[name] = (at < table.count ? "" : "ready\nlive 0.3\n") + row.step
            }
            try BadStationProcess.run(root: root, ["generators=\(2 * table.count)"], steps: steps) { station in
                for (at, row) in (table + table).enumerated() {
                    let name = WorkerName(.generator, index: at + 1).description
                    try eventually(within: 30, "\(name) has ended once", pollSeconds: 0.1) {
                        (try? station.why(name).exits.isEmpty) == false
                    }
                    let exit = try #require(try station.why(name).exits.last)
                    #expect(exit.cause == row.cause, "\(row.step): \(exit)")
                    #expect(exit.wasReady == (at >= table.count), "\(row.step)")
                    if let state = row.state { #expect(try station.worker(name).state == state, "\(row.step)") }
                }
                // Whatever becomes of the generators.
                for name in ["feeder", "encoder", "dashboard"] { #expect(try station.worker(name).restarts == 0) }
                #expect(station.stop() == .code(0))
            }
        }
    }

    @Test("an encoder that cannot work as it is configured ends the station with its words and its code")
    func refused() throws {
        try withTemporaryDirectory { root in
            try BadStationProcess.run(root: root, steps: ["encoder": "print the size is odd\nexit 78"]) { station in
                #expect(station.process.wait(timeoutSeconds: 15) == .code(78))
                let log = String(decoding: try Files.read(root + "/log", bytesMax: 1 << 20) ?? [], as: UTF8.self)
                #expect(log.contains("encoder cannot start: the size is odd"), "\(log)")
                #expect(station.processesLeft() == [])
            }
        }
    }

    @Test("a worker that never becomes ready and shows no progress is killed, with what it was doing")
    func neverReady() throws {
        try withTemporaryDirectory { root in
            let settings = ["startSecondsMax=1", "generators=1"]
            try BadStationProcess.run(root: root, settings, steps: ["dashboard": "mute"]) { station in
                try eventually(within: 15, "it has been given up twice", pollSeconds: 0.1) {
                    (try? station.why("dashboard").exits.count) ?? 0 >= 2
                }
                let exit = try #require(try station.why("dashboard").exits.first)
                #expect(exit.cause == "watchdog" && !exit.wasReady && !exit.stack.isEmpty, "\(exit)")
                #expect(try station.events().contains { $0.text.contains("neither ready nor any progress for 1 s") })
            }
        }
    }

    @Test("a program that is missing, then may not be run, is named and looked for until it is there")
    func missingProgram() throws {
        try withTemporaryDirectory { root in
            let program = root + "/worker"
            let settings = ["executable=\(program)", "missingBinaryProbeSeconds=0.3"]
            try BadStationProcess.run(root: root, settings) { station in
                try eventually(within: 10, "the encoder is held", pollSeconds: 0.05) {
                    (try? station.worker("encoder").state) == "held"
                }
                let missing = try #require(try station.why("encoder").exits.first)
                #expect(missing.cause == "missing-binary")
                #expect(missing.exit == "start \(program): No such file or directory")
                #expect(try station.why("encoder").waiting?.hasPrefix("for its executable to be there") ?? false)

                try AtomicFile.write(Data("#!/bin/sh\n".utf8), to: program)
                _ = chmod(program, 0o644)
                try eventually(within: 15, "it is said that it may not be run", pollSeconds: 0.05) {
                    try station.why("encoder").exits.first?.exit == "start \(program): Permission denied"
                }
                let link = program + ".new"
                #expect(symlink(BadStationProcess.executable, link) == 0)
                try Files.move(link, to: program)
                let clock = SystemClock()
                let began = clock.monotonicSeconds
                try station.waitUntilRunning(withinSeconds: 20)
                print("all workers run \(clock.monotonicSeconds - began) s after their program was there")
            }
        }
    }
}
