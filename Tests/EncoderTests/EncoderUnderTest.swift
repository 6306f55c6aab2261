import Config
import Domain
import Foundation
import IPC
import Platform
import TestSupport

@testable import Encoder

/// An encoder in this process, with a small picture, fed with the numbered signal by a feeder that never ends.
final class EncoderUnderTest: Sendable {
    let root: String
    let supervisor: LineConnection
    private let paths: StationPaths
    private let link: WorkerLink
    private let latest = Monitor<WorkerReport?>(nil)
    private let worst = Monitor(0.0)
    private let ended = Monitor<String?>(nil)

    var report: WorkerReport? { latest.read { $0 } }
    var worstLateness: Double { worst.read { $0 } }
    var configFile: String { root + "/lofisup.toml" }

    init(root: String, destinations: [(name: String, url: String)]) throws {
        Orphans.ignoreBrokenPipes()
        self.root = root
        paths = try StationPaths(root: root)
        try paths.prepare()
        let (worker, ours) = try FileDescriptor.socketPair()
        link = try WorkerLink(descriptor: worker, version: "test", graceSeconds: 1000)
        supervisor = try LineConnection(ours)
        try configure(destinations)
        let config = try StationConfig.load(file: configFile, mustExist: true)
        let environment = ["PATH": "/usr/bin:/bin"]
        supervisor.start(
            handler: { [latest, worst] method, parameters in
                guard method == .report else { return .null }
                let report = try parameters.decoded(as: WorkerReport.self)
                latest.withLock { $0 = report }
                if let late = report.latenessSeconds { worst.withLock { $0 = max($0, late) } }
                return .null
            }, closed: { _ in })
        link.start()
        let role = EncoderRole(config: config, paths: paths, link: link, environment: environment)
        NamedThread.start("encoder") { [ended] in
            do {
                try role.serve()
                ended.withLock { $0 = "" }
            } catch {
                ended.withLock { $0 = "\(error)" }
            }
        }
        NamedThread.start("feeder") { [self] in feed() }
    }

    /// Writes the configuration.
    func configure(_ destinations: [(name: String, url: String)], more: String = "") throws {
        var text = "[encoder]\nwidth = 160\nheight = 90\nframes_per_second = 10\nvideo_kbps = 100\naudio_kbps = 160\n"
        for (name, url) in destinations { text += "[[destinations]]\nname = \"\(name)\"\nurl = \"\(url)\"\n" }
        try Data((text + more).utf8).write(to: URL(filePath: configFile))
    }

    func reload() throws {
        let order = try IPC.JSONValue(encoding: ReloadOrder(config: configFile))
        _ = try supervisor.request(.reload, order, timeoutSeconds: 20)
    }

    /// Hangs up, as a supervisor that dies, and waits for its end.
    func stop() throws {
        supervisor.close()
        let words = ended.wait(timeoutSeconds: 20) { $0 }
        guard words == "" else { throw TestToolFailure(tool: "encoder", trouble: words ?? "did not stop") }
    }

    private func feed() {
        while !link.stop.isGiven {
            do {
                let socket = try UnixSocket.connect(to: paths.feedSocket)
                var lines = LineBuffer()
                var first: [[UInt8]] = []
                while first.isEmpty { first = try lines.add(socket.read(upTo: 65_536)) }
                var next = try StationJSON.decode(FeedGreeting.self, from: Data(first[0])).nextFrame
                while true {
                    let block = FeedBlock(at: next, frames: 4410)
                    try socket.send(
                        all: Array(StationJSON.encode(block)) + [10]
                            + NumberedTrack.pcmBytes(NumberedSignal.frames(from: next, count: block.frames)))
                    next += block.frames
                }
            } catch {
                link.stop.wait(seconds: 0.1)
            }
        }
    }
}
