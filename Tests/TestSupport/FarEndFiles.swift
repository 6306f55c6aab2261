public import Domain
import FoundationEssentials

/// What one recording of a server holds.
public struct Recording {
    public let audio: DecodedAudio
    public let report: FarEndReport
    public let timeline: FLVTimeline

    /// The recordings under `key`, oldest first, decoded into `scratch`.
    public static func all(_ server: RTMPServer, key: String, scratch: String) throws -> [Recording] {
        try server.recordings(key: key).enumerated().map { at, file in
            let audio = try decodePCM(file, to: "\(scratch)/\(key)-\(at).pcm")
            return Recording(audio: audio, report: FarEnd.analyse(audio), timeline: try FLVTimeline.read(file))
        }
    }

    /// The first and the last index of the signal that was heard.
    public var firstIndex: Int? { report.runs.first?.indices.lowerBound }
    public var lastIndex: Int? { report.runs.last?.indices.upperBound }
}

extension RTMPServer {
    /// Bytes recorded under `key`, and in how many files.
    public func recorded(key: String) -> (files: Int, lastBytes: Int) {
        let files = recordings(key: key)
        let size = files.last.flatMap { try? FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int }
        return (files.count, size ?? 0)
    }

    /// Waits until media flows into a recording that comes after the first `known` ones.
    public func waitForMedia(key: String, after known: Int, withinSeconds seconds: Double) throws {
        // The headers alone are less than 2000 bytes.
        try eventually(within: seconds, "media arrives in a new recording of \(key)", pollSeconds: 0.01) {
            let now = recorded(key: key)
            return now.files > known && now.lastBytes > 2000
        }
    }
}

extension StationAudio {
    /// Milliseconds, for what a test prints.
    public static func words(_ frames: Int) -> String { "\(frames) frames (\(frames * 1000 / framesPerSecond) ms)" }
}
