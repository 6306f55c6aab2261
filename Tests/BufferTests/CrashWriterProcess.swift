import FoundationEssentials
import Glibc
import Platform
import Testing

/// The CrashWriter executable, built beside the tests.
enum CrashWriterProcess {
    static func path() throws -> String {
        var target = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &target, target.count - 1)
        try #require(length > 0)
        let here = String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var candidates = [Files.parent(of: here)]
        for argument in CommandLine.arguments where argument.contains(".xctest") {
            candidates.append(Files.parent(of: argument))
        }
        let found = candidates.map { $0 + "/CrashWriter" }.first { access($0, X_OK) == 0 }
        return try #require(found, "CrashWriter is not built beside the tests")
    }

    static func start(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(path: path(), arguments: arguments, environment: [:], descriptors: [nil, nil, 2])
    }

    /// Ends what a test that failed half-way would leave behind.
    static func end(_ children: [ChildProcess]) {
        for child in children where child.signal(SIGKILL) { _ = child.wait(timeoutSeconds: 10) }
    }

    /// Runs it, or `executable`, to its end. Returns the lines it printed.
    static func lines(
        _ arguments: [String], executable: String? = nil, output: String
    ) throws -> (lines: [String], exit: ProcessExit?) {
        let file = try FileDescriptor.open(output, O_WRONLY | O_CREAT | O_TRUNC)
        let child = try ChildProcess(
            path: executable ?? path(), arguments: arguments, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"],
            descriptors: [nil, file.number, file.number])
        let exit = child.wait(timeoutSeconds: 30)
        if exit == nil { child.signal(SIGKILL) }
        let bytes = try Files.read(output, bytesMax: 1 << 20) ?? []
        return (String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init), exit)
    }

    /// Runs it with `mode` on a file system of its own, of `bytes` bytes, which nobody else sees. Nil where the
    /// machine does not allow that (it takes root, or a user namespace).
    static func onSmallDisk(bytes: Int, readOnly: Bool = false, mode: String, scratch: Scratch) throws -> [String]? {
        let disk = scratch.root + "/disk"
        try Files.makeDirectory(disk)
        let remount = readOnly ? "\"$2\" \"$1\" open > /dev/null && mount -o remount,ro \"$1\" && " : ""
        let script =
            "mount -t tmpfs -o size=\(bytes) tmpfs \"$1\" && echo mounted && \(remount)exec \"$2\" \"$1\" \"$3\""
        let result = try lines(
            ["--mount", "/bin/sh", "-c", script, "sh", disk, path(), mode], executable: "/usr/bin/unshare",
            output: scratch.root + "/output")
        guard result.lines.first == "mounted" else { return nil }
        return Array(result.lines.dropFirst())
    }
}
