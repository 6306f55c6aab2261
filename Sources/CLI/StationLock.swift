internal import Foundation
internal import Platform

/// Held by the one supervisor of a station.
enum StationLock {
    /// - Throws: when another `lofisup run` has it, naming its process.
    static func take(_ path: String) throws -> FileLock {
        guard let lock = try FileLock.attempt(path) else {
            let pid = (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Int($0) }
            throw StationLockError.held(path: path, pid: pid)
        }
        // For people only: the lock itself is the kernel's.
        try "\(ProcessInfo.processInfo.processIdentifier)".write(toFile: path, atomically: false, encoding: .utf8)
        return lock
    }
}

enum StationLockError: Error, CustomStringConvertible {
    case held(path: String, pid: Int?)

    var description: String {
        switch self {
        case .held(let path, let pid):
            "another lofisup runs this station already\(pid.map { " (process \($0))" } ?? ""); it holds \(path)."
                + " Stop it with `lofisup ctl shutdown`, or start this one with another --root"
        }
    }
}
