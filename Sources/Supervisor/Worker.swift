internal import Glibc
internal import IPC
internal import Platform

/// One life of a worker process, as the control loop holds it: the process, its line, its log.
final class Worker {
    let generation: Int
    let child: ChildProcess
    let link: LineChannel
    let log: FileDescriptor
    let bornAt: Double
    private(set) var logIsOpen = true
    private var logLine: [UInt8] = []

    // A worker may write more than anyone reads; a line is cut here, never kept whole.
    private static let logLineBytesMax = 4000

    /// Starts the process. It finds its line on descriptor 3 and its log on 1 and 2.
    init(
        executable: String, arguments: [String], environment: [String: String], generation: Int, nice: Int32,
        now: Double
    ) throws(SystemError) {
        let (ours, theirs) = try FileDescriptor.socketPair()
        let output = try FileDescriptor.pipe()
        child = try ChildProcess(
            path: executable, arguments: arguments, environment: environment,
            descriptors: [nil, output.write.number, output.write.number, theirs.number], newSession: true, nice: nice)
        link = try LineChannel(ours)
        try output.read.setNonBlocking()
        log = output.read
        self.generation = generation
        bornAt = now
    }

    /// The log lines that have come in.
    func readLog() -> [String] {
        guard let bytes = try? log.read(upTo: 65_536) else { return [] }
        if bytes.isEmpty {
            logIsOpen = false
            defer { logLine = [] }
            return logLine.isEmpty ? [] : [String(decoding: logLine, as: UTF8.self)]
        }
        var found: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if !logLine.isEmpty { found.append(String(decoding: logLine, as: UTF8.self)) }
                logLine = []
            } else if logLine.count < Self.logLineBytesMax {
                logLine.append(byte)
            }
        }
        return found
    }
}
