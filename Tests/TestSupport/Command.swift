import Foundation
import Glibc
public import Platform

/// One run of the built `lofisup`, from its start to its end.
public struct Command: Sendable {
    public let exit: ProcessExit
    public let output: String
    public let errors: String

    /// The binary that this test run built.
    public static var executable: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().appending(path: "lofisup").path
    }

    /// - Parameter path: what the command finds as PATH; nil for that of this process.
    public init(
        _ arguments: [String], path: String? = nil,
        timeoutSeconds: Double = 20
    ) throws {
        let path = path ?? ProcessInfo.processInfo.environment["PATH"] ?? ""
        (exit, output, errors) = try withTemporaryDirectory { scratch in
            let out = try FileDescriptor.open(scratch + "/out", O_RDWR | O_CREAT)
            let err = try FileDescriptor.open(scratch + "/err", O_RDWR | O_CREAT)
            let child = try ChildProcess(
                path: Self.executable, arguments: arguments, environment: ["PATH": path, "HOME": scratch],
                descriptors: [nil, out.number, err.number], newSession: true)
            guard let exit = child.wait(timeoutSeconds: timeoutSeconds) else {
                child.signalGroup(SIGKILL)
                _ = child.wait(timeoutSeconds: 5)
                throw TestToolFailure(tool: "lofisup", trouble: "still ran after \(timeoutSeconds) s: \(arguments)")
            }
            return (
                exit, try String(contentsOfFile: scratch + "/out", encoding: .utf8),
                try String(contentsOfFile: scratch + "/err", encoding: .utf8)
            )
        }
    }
}
