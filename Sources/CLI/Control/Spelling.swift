internal import Foundation
internal import Glibc

/// How figures are spelled for a person at a terminal.
enum Spelling {
    /// `0:07`, `1:02:03`, `3d 04:05`.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(max(0, min(seconds, 1e12)))
        if whole >= 86_400 {
            return "\(whole / 86_400)d " + String(format: "%02d:%02d", whole / 3600 % 24, whole / 60 % 60)
        }
        let minutes = String(format: "%d:%02d", whole / 60 % 60, whole % 60)
        return whole < 3600 ? minutes : "\(whole / 3600):" + String(format: "%02d:%02d", whole / 60 % 60, whole % 60)
    }

    /// A moment in local time: `2026-11-23 15:43:46`.
    static func moment(_ seconds: Double) -> String {
        var time = time_t(max(0, min(seconds, 1e11)))
        var parts = tm()
        localtime_r(&time, &parts)
        return String(
            format: "%04d-%02d-%02d %02d:%02d:%02d", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1,
            Int(parts.tm_mday), Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
    }

    static func megabytes(_ bytes: Int) -> String { String(bytes / 1_000_000) }

    static func plain(_ number: Double) -> String { String(format: "%g", (number * 10).rounded() / 10) }

    /// `text` on one line, without anything that moves a cursor or changes a terminal: what a worker wrote must not.
    static func harmless(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.value {
                    case 0x09: " "
                    case ..<0x20, 0x7F...0x9F: "?"
                    default: scalar
                    }
                }))
    }

    /// At most `width` characters, with an ellipsis where something was left out.
    static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : width < 1 ? "" : text.prefix(width - 1) + "…"
    }
}
