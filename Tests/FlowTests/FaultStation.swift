import Domain
import Foundation
import Glibc
import IPC
import Platform
import TestSupport
import Testing

/// A whole station that plays the numbered signal to a real RTMP server, while a test does it harm.
struct FaultStation {
    static let workers = ["generator", "feeder", "encoder", "dashboard"]
    private static let key = "faults"
    private static let trackSeconds = 20

    let station: StationUnderTest
    let server: RTMPServer
    private let clock = SystemClock()
    private let beganAt: Double

    /// Puts the station on the air, lets `harm` do its worst, takes the station down in good order and hands over what
    /// the server has recorded.
    /// - Parameter seconds: how long the harm takes at most.
    static func run(root: String, seconds: Double, _ harm: (FaultStation) throws -> Void) throws -> [Recording] {
        try withRTMPServer { server in
            var buffer = NumberedBuffer(root: root, trackSeconds: trackSeconds)
            buffer.diskReserveBytes = 1 << 20
            let tracks = Int(seconds / 18) + 6
            try buffer.append(tracks: tracks)
            let config = StationFile(
                sections: sections(buffer, hours: Double(tracks * trackSeconds) / 3600, port: try Loopback.freePort()),
                supervisor: "restart_max_seconds = 2", destinations: [("far-end", server.url(key: key))])
            try StationUnderTest.run(root: root, config: config) { station in
                try server.waitForMedia(key: key, after: 0, withinSeconds: 60)
                let fault = FaultStation(station: station, server: server)
                try fault.waitUntilAllRun(withinSeconds: 120)
                try harm(fault)
                #expect(station.stop() == .code(0), "the station did not stop when told:\n\(station.log)")
                #expect(station.processesLeft() == [])
            }
            return try Recording.all(server, key: key, scratch: root)
        }
    }

    /// With a generator that makes another track for each that has played, so that it is killed at its work, too.
    private static func sections(_ buffer: NumberedBuffer, hours: Double, port: Int) -> String {
        buffer.sections.replacing("count = 0", with: "count = 1") + """

            [buffer]
            target_hours = \(hours)
            max_hours = \(hours)
            disk_reserve = "1 MB"
            [dashboard]
            port = \(port)
            """
    }

    private init(station: StationUnderTest, server: RTMPServer) {
        (self.station, self.server) = (station, server)
        beganAt = clock.monotonicSeconds
    }

    var elapsedSeconds: Double { clock.monotonicSeconds - beganAt }

    func wait(untilElapsed seconds: Double) throws {
        try eventually(within: max(1, seconds - elapsedSeconds + 5), "\(seconds) s have passed") {
            elapsedSeconds >= seconds
        }
    }

    /// Connections that the server has seen.
    var connections: Int { server.recorded(key: Self.key).files }

    func waitForMedia(after known: Int, withinSeconds seconds: Double) throws {
        try server.waitForMedia(key: Self.key, after: known, withinSeconds: seconds)
    }

    /// The process of each worker that has one.
    func pids() throws -> [String: Int] {
        Dictionary(
            try station.status().workers.compactMap { worker in worker.pid.map { (worker.name, $0) } },
            uniquingKeysWith: { one, _ in one })
    }

    /// - Parameter before: processes that count no more.
    func waitUntilAllRun(withinSeconds seconds: Double, before: Set<Int> = []) throws {
        try eventually(within: seconds, "all workers run", pollSeconds: 0.1) {
            guard let workers = try? station.status().workers, workers.count == Self.workers.count else { return false }
            return workers.allSatisfy { worker in
                worker.state == "running" && worker.pid.map { !before.contains($0) } ?? false
            }
        }
    }

    /// How the newest life of a worker ended.
    func lastExit(of name: String) throws -> WorkerExit {
        let worker = try #require(WorkerName(name))
        return try #require(ControlClient(path: station.root + "/run/lofisup.sock").why(worker).exits.first)
    }

    // MARK: - What was heard

    /// Each connection's sound is whole, and from one to the next nothing is skipped or said again beyond what the
    /// killed encoder had on its way.
    static func check(_ recordings: [Recording]) {
        for (at, recording) in recordings.enumerated() {
            // An encoder that was killed as soon as it had connected has sent next to nothing.
            guard recording.audio.frameCount > StationAudio.framesPerSecond else { continue }
            #expect(recording.report.isUnbroken, "connection \(at + 1) is broken:\n\(recording.report)")
            #expect(recording.timeline.audioJumps() == [], "connection \(at + 1)")
        }
        for repeated in seams(recordings) {
            #expect((-22_050...66_150).contains(repeated), "a new encoder repeats \(StationAudio.words(repeated))")
        }
    }

    /// For each new connection how many frames it repeats of what was heard before; negative: skips.
    static func seams(_ recordings: [Recording]) -> [Int] {
        let ends = recordings.compactMap { recording in
            recording.firstIndex.flatMap { first in recording.lastIndex.map { (first: first, last: $0) } }
        }
        return zip(ends, ends.dropFirst()).map { $0.last - $1.first }
    }

    /// Half a track on the shelf, or a number given twice, is a track that will be heard.
    static func checkBuffer(root: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: root + "/state/audio_buffer")
        let numbers = names.filter { $0.hasPrefix("chunk_") && $0.hasSuffix(".wav") }
            .compactMap { Int($0.split(separator: "_")[1]) }.sorted()
        #expect(Set(numbers).count == numbers.count, "\(numbers)")
    }
}
