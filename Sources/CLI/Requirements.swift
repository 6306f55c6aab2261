internal import Config
internal import Domain
internal import Platform

/// What a station needs of the machine, checked before anything is started.
enum Requirements {
    /// Encoders and formats that ffmpeg must have been built with, and what fails without them.
    private static let ffmpegParts = [
        (list: "-encoders", name: "aac", use: "the sound of the stream"),
        (list: "-encoders", name: "libx264", use: "preparing the picture"),
        (list: "-muxers", name: "flv", use: "the stream"),
        (list: "-muxers", name: "hls", use: "listening in the dashboard"),
        (list: "-filters", name: "ebur128", use: "checking tracks"),
    ]

    /// - Throws: `RequirementError` naming what is missing and how to get it.
    static func check(config: StationConfig, environment: [String: String]) throws {
        let searchPath = environment["PATH"] ?? ""
        let ffmpeg = try Tool("ffmpeg", searchPath: searchPath)
        _ = try Tool("ffprobe", searchPath: searchPath, package: "ffmpeg")
        try check(ffmpeg)
        for destination in config.destinations where destination.enabled {
            _ = try destination.key(environment: environment)
        }
    }

    /// - Throws: `RequirementError` naming what this ffmpeg lacks.
    static func check(_ ffmpeg: Tool) throws {
        for list in Set(ffmpegParts.map(\.list)) {
            let known = try ffmpeg.run(["-hide_banner", "-loglevel", "error", list]).stdoutText
            let names = Set(known.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst().first })
            for part in ffmpegParts where part.list == list && !names.contains(Substring(part.name)) {
                throw RequirementError.ffmpegLacks(part: part.name, use: part.use, path: ffmpeg.path)
            }
        }
    }
}

/// Why a station cannot start on this machine.
enum RequirementError: Error, CustomStringConvertible {
    case ffmpegLacks(part: String, use: String, path: String)

    var description: String {
        switch self {
        case .ffmpegLacks(let part, let use, let path):
            "\(path) was built without \(part), which \(use) needs; Debian's own has it: apt install ffmpeg"
        }
    }
}
