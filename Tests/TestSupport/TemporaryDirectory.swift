import FoundationEssentials
import Glibc
import Platform

/// Runs `body` with the path of a new, empty directory, which is removed with all it holds when `body` ends.
public func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let directory = try makeTemporaryDirectory()
    defer { removeTree(directory) }
    return try body(directory)
}

/// As the other `withTemporaryDirectory`, for a body that has to await.
public func withTemporaryDirectory<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> sending Result
) async throws -> sending Result {
    let directory = try makeTemporaryDirectory()
    defer { removeTree(directory) }
    return try await body(directory)
}

private func makeTemporaryDirectory() throws(SystemError) -> String {
    let base = FileManager.default.temporaryDirectory.path
    var template = Array("\(base)/lofisup-test-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer -> String? in
        guard let start = buffer.baseAddress, let path = mkdtemp(start) else { return nil }
        return String(cString: path)
    }
    guard let made else { throw SystemError("mkdtemp in \(base)") }
    return made
}

/// A test may have taken its own rights away to see a failure: they are given back first.
private func removeTree(_ path: String) {
    if (try? FileManager.default.removeItem(atPath: path)) != nil { return }
    for name in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] {
        _ = chmod("\(path)/\(name)", 0o700)
    }
    try? FileManager.default.removeItem(atPath: path)
}
