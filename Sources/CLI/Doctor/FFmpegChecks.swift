internal import Config
internal import Foundation
internal import Platform

/// What the station needs of ffmpeg.
struct FFmpegChecks {
    let patient: Patient

    func findings() -> [Finding] {
        let searchPath = patient.environment["PATH"] ?? ""
        let limits = ToolLimits(seconds: 10)
        do {
            let ffmpeg = try Tool("ffmpeg", searchPath: searchPath)
            _ = try Tool("ffprobe", searchPath: searchPath, package: "ffmpeg")
            let version = try ffmpeg.run(["-version"], limits: limits).stdoutText
            try Requirements.check(ffmpeg)
            let protocols = try ffmpeg.run(["-hide_banner", "-loglevel", "error", "-protocols"], limits: limits)
            let wanted = patient.config.destinations.filter(\.enabled).map(\.url)
            return [
                .ok("ffmpeg", "\(Self.version(version)) at \(ffmpeg.path) can do all that is needed"),
                Self.secure(protocols: protocols.stdoutText, isNeeded: wanted.contains { $0.hasPrefix("rtmps:") }),
            ]
        } catch {
            return [.broken("ffmpeg", "\(error)", do: "apt install ffmpeg")]
        }
    }

    /// `ffmpeg version 5.1.9-0+deb12u1 Copyright ...`
    static func version(_ text: String) -> String {
        let words = text.split(separator: " ").dropFirst(2)
        return words.first.map { "ffmpeg \($0)" } ?? "ffmpeg of unknown version"
    }

    /// - Parameter protocols: what `ffmpeg -protocols` prints.
    static func secure(protocols: String, isNeeded: Bool) -> Finding {
        let output = protocols.firstRange(of: "Output:").map { protocols[$0.upperBound...] } ?? ""
        let names = output.split(whereSeparator: \.isWhitespace)
        let missing = ["rtmp", "rtmps", "tls"].filter { !names.contains(Substring($0)) }
        if missing.isEmpty { return .ok("rtmps", "ffmpeg sends over RTMP and RTMPS") }
        let says = "ffmpeg was built without \(missing.joined(separator: ", "))"
        let advice = "Debian's own has them: apt install ffmpeg"
        return isNeeded || missing.contains("rtmp")
            ? .broken("rtmps", says, do: advice) : .degraded("rtmps", says, do: advice)
    }
}
