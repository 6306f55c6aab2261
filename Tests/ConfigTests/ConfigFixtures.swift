import Config
import Foundation
import Testing

/// What is wrong with a text, as the operator reads it; empty for a text that is taken.
func problems(of text: String) -> [String] {
    do throws(ConfigError) {
        _ = try StationConfig.parse(text, fileName: "lofisup.toml")
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

/// Runs `body` with a new directory, which is gone afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("lofisup-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
}

/// Writes a file with a mode.
func write(_ text: String, to path: String, mode: Int = 0o600) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
}

func mode(of path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
}
