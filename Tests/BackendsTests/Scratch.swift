import FoundationEssentials
import Platform
import Testing

@testable import Backends

/// A directory for the length of `body`, removed afterwards whatever happens.
func withScratch<Result>(_ body: (String) throws -> Result) throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: "backends-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try body(directory)
}

/// The names in `directory`, sorted.
func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
}

/// PATH of the machine that runs the tests.
var machinePath: String { ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin" }

func read(_ path: String) throws -> [UInt8] {
    guard let bytes = FileManager.default.contents(atPath: path) else { throw SystemError("read \(path)", code: 2) }
    return [UInt8](bytes)
}

/// The error that `body` throws, or a recorded issue and nil.
func backendError(_ body: () throws -> some Any) -> BackendError? {
    do {
        _ = try body()
        Issue.record("nothing was thrown")
    } catch let error as BackendError {
        return error
    } catch { Issue.record("threw \(error)") }
    return nil
}
