import Domain
import FoundationEssentials
import Glibc
import IPC
import Platform
import TestSupport
import Testing

/// A supervisor that runs out of what it needs itself: descriptors, room on its disks. And one that has worked long.
@Suite(.serialized)
struct FaultExhaustionTests {
    private let clock = SystemClock()

    @Test("without a descriptor to spare the supervisor says so, answers, does not spin, and recovers by itself")
    func descriptors() throws {
        try withTemporaryDirectory { root in
            try BadStationProcess.run(root: root, ["files=36"]) { station in
                try station.waitUntilRunning()
                let patient = try station.client()
                var crowd: [FileDescriptor] = []
                for _ in 0..<60 {
                    if let one = try? UnixSocket.connect(to: root + "/run/lofisup.sock", timeoutSeconds: 1) {
                        crowd.append(one)
                    }
                }
                let percent = try station.cpuPercent(overSeconds: 1)
                print("\(crowd.count) connections are held; the supervisor takes \(percent) % of a processor")
                #expect(percent < 30)
                // Whoever asks comes before those who only hold a connection.
                try station.ping()
                withExtendedLifetime(patient) {}

                for one in crowd.suffix(20) { _ = try? one.send(all: Array("{\"id\":1,\"method\":\"ping\"}\n".utf8)) }
                try station.kill("feeder")
                try eventually(within: 20, "the feeder is back though the crowd stays", pollSeconds: 0.1) {
                    let worker = try? station.worker("feeder")
                    return worker?.state == "running" && (worker?.restarts ?? 0) > 0
                }
                crowd = []
                try station.waitUntilRunning(withinSeconds: 10)
                #expect(station.stop() == .code(0))
            }
        }
    }

    @Test("with too few descriptors for its workers the reason is named, and the others work on")
    func tooFew() throws {
        try withTemporaryDirectory { root in
            let settings = ["files=32", "generators=6", "pauseSecondsMax=0.5"]
            try BadStationProcess.run(root: root, settings) { station in
                try eventually(within: 15, "it is named", pollSeconds: 0.1) {
                    guard let events = try? station.events() else { return false }
                    return events.contains { $0.text.contains("Too many open files") }
                }
                // Fewer workers are what an operator would ask for.
                let order = ScaleOrder(role: "generator", count: 0)
                let _: OperationStatus = try station.client().ask(.scale, order)
                try station.waitUntilRunning(withinSeconds: 40)
                #expect(station.stop() == .code(0))
            }
        }
    }

    @Test("a worker without descriptors is its own trouble, and its words are kept")
    func worker() throws {
        try withTemporaryDirectory { root in
            let steps = ["generator": "ready\nhold-files\nlive 0.5\nexit 1"]
            try BadStationProcess.run(root: root, ["generators=1"], steps: steps) { station in
                try station.waitUntilRunning()
                try eventually(within: 10, "it has ended", pollSeconds: 0.1) {
                    try !station.why("generator").exits.isEmpty
                }
                let exit = try #require(try station.why("generator").exits.last)
                #expect(exit.log == ["error: cannot open another file: Too many open files"])
                try station.write(steps: "ready", for: "generator")
                try station.waitUntilRunning(["generator", "feeder", "encoder", "dashboard"])
            }
        }
    }

    @Test("on full disks the station goes on and says so; what could not be written is written when there is room")
    func fullDisk() throws {
        try withTemporaryDirectory { scratch in
            let root = scratch + "/disk"
            try Files.makeDirectory(root)
            guard mount("tmpfs", root, "tmpfs", 0, "size=1m") == 0 else {
                return print("SKIPPED: a small file system cannot be mounted here; run as root")
            }
            defer { umount2(root, Int32(MNT_DETACH)) }
            try BadStationProcess.run(root: root, log: scratch + "/log") { station in
                try station.waitUntilRunning()
                try Self.fill(root + "/filler")
                try station.kill("feeder")
                try eventually(within: 10, "the feeder is back", pollSeconds: 0.05) {
                    let feeder = try station.worker("feeder")
                    return feeder.restarts == 1 && feeder.state == "running"
                }
                try eventually(within: 10, "it is said", pollSeconds: 0.1) {
                    let log = try Files.read(scratch + "/log", bytesMax: 1 << 20) ?? []
                    return String(decoding: log, as: UTF8.self).contains("not written down")
                }
                let before = try station.events()
                #expect(before.map(\.number) == Array(1...before.count))
                unlink(root + "/filler")
                try station.kill("dashboard")
                try station.waitUntilRunning()
                try eventually(within: 10, "the book holds every event, each once", pollSeconds: 0.1) {
                    let newest = try station.events()
                    return try Self.book(root).map(\.number) == newest.map(\.number)
                }
                try eventually(within: 10, "the exits are written down", pollSeconds: 0.1) {
                    let exits = try Files.read(root + "/state/exits.json", bytesMax: 1 << 20) ?? []
                    let text = String(decoding: exits, as: UTF8.self)
                    return text.contains("\"feeder\":[{") && text.contains("\"dashboard\":[{")
                }
                #expect(station.stop() == .code(0))
            }
        }
    }

    /// The events in the file, oldest first.
    static func book(_ root: String) throws -> [FeedEntry] {
        let text = String(
            decoding: try Files.read(root + "/state/events.jsonl", bytesMax: 8 << 20) ?? [], as: UTF8.self)
        return try text.split(separator: "\n").map { try StationJSON.decode(FeedEntry.self, from: Data($0.utf8)) }
    }

    private static func fill(_ path: String) throws {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND)
        // To the last byte: a file that has room in its last block could still grow.
        for size in [4096, 64, 1] {
            let block = [UInt8](repeating: 0, count: size)
            do throws(SystemError) {
                while true { try file.write(all: block) }
            } catch {
                guard error.isDiskFull else { throw error }
            }
        }
    }

    @Test("2,000 restarts leave neither a descriptor, nor a zombie, nor memory behind")
    func restarts() throws {
        try withTemporaryDirectory { root in
            // The quickest program there is that says it is ready.
            let quick = root + "/worker"
            let script = """
                #!/bin/sh
                case $2 in
                feeder|encoder) echo '{"jsonrpc":"2.0","method":"ready","params":{"version":"quick"}}' >&3; exit 75;;
                *) exec \(BadStationProcess.executable) "$@";;
                esac

                """
            try AtomicFile.write(Data(script.utf8), to: quick)
            _ = chmod(quick, 0o755)
            let settings = ["executable=\(quick)", "tryAgainSeconds=0", "failuresMax=100000000"]
            try BadStationProcess.run(root: root, settings) { station in
                let pid = station.process.pid
                // What is kept of the past has its full size only after a while.
                try eventually(within: 120, "the first 400 restarts", pollSeconds: 0.1) { try restarts(station) >= 400 }
                let before = try #require(station.figures)
                let began = (at: clock.monotonicSeconds, count: try restarts(station), cpu: before.cpuSeconds)
                try eventually(within: 500, "2,000 more restarts", pollSeconds: 0.25) {
                    try restarts(station) >= began.count + 2000
                }
                let seconds = clock.monotonicSeconds - began.at
                let after = try #require(station.figures)
                print(
                    "2,000 restarts in \(seconds) s, \((after.cpuSeconds - began.cpu) / 2) ms of processor each; "
                        + "\(before.residentBytes >> 10) KiB resident before, \(after.residentBytes >> 10) after")
                // One by one they may be caught in the middle of a life.
                for name in ["feeder", "encoder"] {
                    let _: OperationStatus = try station.client().ask(.stop, WorkerOrder(worker: name))
                }
                try eventually(within: 10, "both are stopped") {
                    try ["feeder", "encoder"].allSatisfy { try station.worker($0).state == "stopped" }
                }
                let zombies = Self.children(of: pid).filter { ProcessFigures(pid: $0)?.state == "Z" }
                #expect(zombies == [])
                #expect(Self.children(of: pid).count == 1, "only the dashboard lives")
                let files = try #require(station.figures?.openFiles)
                print("\(files) descriptors with one worker and one client")
                #expect(files <= 24)
                #expect(after.residentBytes - before.residentBytes < 6 << 20)
                #expect(station.stop() == .code(0))
            }
        }
    }

    private func restarts(_ station: BadStationProcess) throws -> Int {
        guard let status = try? station.status() else { return 0 }
        return status.workers.reduce(0) { $0 + $1.restarts }
    }

    private static func children(of pid: Int32) -> [Int32] {
        Array(ProcessFamily(of: pid).members.dropFirst())
    }
}
