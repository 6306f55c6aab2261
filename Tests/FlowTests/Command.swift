import Foundation
import Glibc
import Platform
import TestSupport

/// One run of the built `lofisup`, from its start to its end.
struct Command {
    let exit: ProcessExit
    let output: String
    let errors: String

    /// - Parameter path: what the command finds as PATH.
    init(
        _ arguments: [String], path: String = ProcessInfo.processInfo.environment["PATH"] ?? "",
        timeoutSeconds: Double = 20
    ) throws {
        (exit, output, errors) = try withTemporaryDirectory { scratch in
            let out = try FileDescriptor.open(scratch + "/out", O_RDWR | O_CREAT)
            let err = try FileDescriptor.open(scratch + "/err", O_RDWR | O_CREAT)
            let child = try ChildProcess(
                path: StationUnderTest.executable, arguments: arguments, environment: ["PATH": path, "HOME": scratch],
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
