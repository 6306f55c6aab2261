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
    private var logLimit: LogLimit

    // A worker may write more than anyone reads; a line is cut here, never kept whole.
    private static let logLineBytesMax = 4000

    /// Starts the process. It finds its line on descriptor 3 and its log on 1 and 2.
    init(
        executable: String, arguments: [String], environment: [String: String], generation: Int, nice: Int32,
        now: Double
    ) throws(SystemError) {
        let (ours, theirs) = try FileDescriptor.socketPair()
        let output = try FileDescriptor.pipe()
        // The child's ends must be open until it has its own copies, and closed here right after: the end of its line
        // and of its log is the end of the child.
        child = try withExtendedLifetime((theirs, output.write)) { () throws(SystemError) in
            try ChildProcess(
                path: executable, arguments: arguments, environment: environment,
                descriptors: [nil, output.write.number, output.write.number, theirs.number], newSession: true,
                nice: nice)
        }
        link = try LineChannel(ours)
        try output.read.setNonBlocking()
        log = output.read
        self.generation = generation
        bornAt = now
        logLimit = LogLimit(now: now)
    }

    /// The log lines that have come in, as many as the limit allows.
    func readLog(now: Double) -> [String] {
        logLimit.pass(readLines(), now: now)
    }

    private func readLines() -> [String] {
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

/// Lets the lines of one worker through at a bounded rate, and says how many it held back.
struct LogLimit {
    private static let linesASecond = 20.0
    private static let burstLines = 200.0
    private var allowance = LogLimit.burstLines
    private var at: Double
    private var dropped = 0

    init(now: Double) { at = now }

    mutating func pass(_ lines: [String], now: Double) -> [String] {
        allowance = min(Self.burstLines, allowance + (now - at) * Self.linesASecond)
        at = now
        let room = Int(allowance)
        var passed = Array(lines.prefix(room))
        allowance -= Double(passed.count)
        dropped += lines.count - passed.count
        // Said when the flood has ebbed, and not once for each line that gets through.
        if dropped > 0, allowance >= Self.burstLines / 2 {
            passed.append("warning: \(dropped) lines came too fast and were dropped")
            dropped = 0
        }
        return passed
    }
}
