import FoundationEssentials
import Platform
import TestSupport

/// Where streams are sent: a real RTMP server on this machine, or files where it is not installed.
struct Sink {
    /// In words, for the tables.
    let kind: String
    private let server: RTMPServer?
    private let directory: String

    /// Runs `body` with a sink that takes streams.
    static func open<Result>(in directory: String, _ body: (Sink) throws -> Result) throws -> Result {
        guard RTMPServer.isInstalled else {
            return try body(Sink(kind: "a FLV file", server: nil, directory: directory))
        }
        return try withRTMPServer { server in
            try body(Sink(kind: "nginx-rtmp on loopback", server: server, directory: directory))
        }
    }

    func url(_ name: String) -> String { server?.url(key: name) ?? "\(directory)/\(name).flv" }

    /// What has arrived so far.
    func bytesReceived(_ name: String) -> Int {
        let files = server?.recordings(key: name) ?? [url(name)]
        return files.map { (try? Files.stamp($0))??.bytes ?? 0 }.reduce(0, +)
    }
}
